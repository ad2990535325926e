// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func fillBlank(_ *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{Blank: &v1.DataVolumeBlankImage{}}
	return nil
}

func fillGCS(p *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{GCS: &v1.DataVolumeSourceGCS{URL: p.get("url"), SecretRef: p.get("secretref")}}
	return p.need("url")
}

func fillHTTP(p *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{HTTP: &v1.DataVolumeSourceHTTP{
		URL: p.get("url"), SecretRef: p.get("secretref"), CertConfigMap: p.get("certconfigmap"),
		ExtraHeaders: p.list("extraheaders"), SecretExtraHeaders: p.list("secretextraheaders"),
	}}
	return p.need("url")
}

func fillImageIO(p *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{Imageio: &v1.DataVolumeSourceImageIO{
		URL: p.get("url"), DiskID: p.get("diskid"), SecretRef: p.get("secretref"), CertConfigMap: p.get("certconfigmap"),
	}}
	return p.need("url", "diskid")
}

func fillS3(p *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{S3: &v1.DataVolumeSourceS3{
		URL: p.get("url"), SecretRef: p.get("secretref"), CertConfigMap: p.get("certconfigmap"),
	}}
	return p.need("url")
}

func fillVDDK(p *params, spec *v1.DataVolumeSpec) error {
	spec.Source = &v1.DataVolumeOrigin{VDDK: &v1.DataVolumeSourceVDDK{
		URL: p.get("url"), UUID: p.get("uuid"), Thumbprint: p.get("thumbprint"), SecretRef: p.get("secretref"),
		BackingFile: p.get("backingfile"), InitImageURL: p.get("initimageurl"),
	}}
	return p.need("url", "uuid", "thumbprint", "secretref", "backingfile")
}

func fillRegistry(p *params, spec *v1.DataVolumeSpec) error {
	url, stream, method := p.get("url"), p.get("imagestream"), v1.RegistryPullMethod(p.get("pullmethod"))
	if (url == "") == (stream == "") {
		return p.errorf("give either url or imagestream")
	}
	source := &v1.DataVolumeSourceRegistry{
		URL: optional(url), ImageStream: optional(stream), SecretRef: optional(p.get("secretref")), CertConfigMap: optional(p.get("certconfigmap")),
	}
	switch method {
	case "":
	case v1.RegistryPullPod, v1.RegistryPullNode:
		source.PullMethod = &method
	default:
		return p.errorf("pullmethod has to be pod or node")
	}
	spec.Source = &v1.DataVolumeOrigin{Registry: source}
	return nil
}

// optional returns nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// fillClaim and fillSnapshot need a namespace: claims are cloned from that of images more often than from one's own.
func fillClaim(p *params, spec *v1.DataVolumeSpec) error {
	namespace, name, err := p.prefixed("src")
	if err == nil && namespace == "" {
		err = p.errorf("src: name the claim with its namespace, as NAMESPACE/%s", name)
	}
	spec.Source = &v1.DataVolumeOrigin{PVC: &v1.DataVolumeSourcePVC{Namespace: namespace, Name: name}}
	return err
}

func fillSnapshot(p *params, spec *v1.DataVolumeSpec) error {
	namespace, name, err := p.prefixed("src")
	if err == nil && namespace == "" {
		err = p.errorf("src: name the snapshot with its namespace, as NAMESPACE/%s", name)
	}
	spec.Source = &v1.DataVolumeOrigin{Snapshot: &v1.DataVolumeSourceSnapshot{Namespace: namespace, Name: name}}
	return err
}

func fillDataSource(p *params, spec *v1.DataVolumeSpec) error {
	namespace, name, err := p.prefixed("src")
	spec.SourceRef = &v1.DataVolumeSourceRef{Kind: "DataSource", Namespace: optional(namespace), Name: name}
	return err
}
