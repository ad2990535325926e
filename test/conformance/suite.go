// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
)

// patience is how long a test waits for what happens within milliseconds on an idle machine.
const patience = 30 * time.Second

// suite is what all tests share; each works in namespaces of its own.
type suite struct {
	config *rest.Config
	core   kubernetes.Interface
	client clientset.Interface
}

// rules are the tests, by what they hold.
var rules = []struct {
	name string
	hold func(*testing.T, *suite)
}{
	{"AWatchSeesEachChange", watchSeesEachChange},
	{"AWatchReplaysWhatCameAfterAVersion", watchReplays},
	{"AWatchBySelectorSeesObjectsComeAndGo", watchBySelector},
	{"AWatchCanBeginWithTheState", watchList},
	{"AWatchGetsBookmarks", watchBookmarks},
	{"AWatchFromVersionZeroBeginsWithTheCache", watchFromZero},
	{"AWatchEndsWhenItsTimeIsUp", watchTimeout},
	{"ListsObeyResourceVersions", listVersions},
	{"ContradictoryResourceVersionsAreRefused", listVersionErrors},
	{"AVersionInTheFutureTimesOut", listFuture},
	{"PagesAreOfOneVersion", pages},
	{"SelectorsSelect", selectors},
	{"DeleteCollectionObeysSelectors", deleteCollection},
	{"DeletesObeyPreconditions", deletePreconditions},
	{"DryRunsWriteNothing", dryRuns},
	{"ApplyTwiceWritesOnce", applyTwice},
	{"ManagersDoNotStealFields", applyConflicts},
	{"ListsMergeByKey", applyMerges},
	{"SpecAndStatusHaveOwnersOfTheirOwn", applyStatus},
	{"AnApplyNamesItsManager", applyManager},
	{"TablesHaveColumns", tables},
	{"ObjectsCanBeReadAsMetadata", partialMetadata},
	{"GenerationsCountChangesOfTheSpec", generations},
	{"OfTwoUpdatesOfAVersionOneFails", conflicts},
	{"NamesAreGenerated", generatedNames},
	{"ObjectsNeedTheirNamespace", namespaces},
	{"UnknownFieldsAreSaid", unknownFields},
	{"BadRequestsAreNamed", badRequests},
	{"ABodyHasALimit", bodyLimit},
	{"ObjectsTravelAsProtobuf", protobuf},
	{"WhoPrefersCBORGetsJSON", cbor},
	{"ObjectsTravelAsYAML", yamlBodies},
	{"DiscoveryNamesEveryResource", legacyDiscovery},
	{"AggregatedDiscoveryIsFresh", aggregatedDiscovery},
	{"EveryFieldIsDocumented", documentation},
	{"ValidatingPoliciesSeeFields", validatingPolicy},
	{"MutatingPoliciesChangeFields", mutatingPolicy},
}

// Run holds the cluster that config reaches, as an administrator, to all rules.
func Run(t *testing.T, config *rest.Config) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatalf("make client: %v", err)
	}
	client, err := clientset.NewForConfig(config)
	if err != nil {
		t.Fatalf("make client of virtual machines: %v", err)
	}
	s := &suite{config: config, core: core, client: client}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			rule.hold(t, s)
		})
	}
}

// namespace makes a namespace that ends with the test.
func (s *suite) namespace(t *testing.T, changes ...func(*corev1.Namespace)) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"}}
	for _, change := range changes {
		change(ns)
	}
	ns, err := s.core.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.core.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("delete namespace: %v", err)
		}
	})
	return ns.Name
}

func (s *suite) machines(namespace string) kubevirtv1.VirtualMachineInterface {
	return s.client.KubevirtV1().VirtualMachines(namespace)
}

func (s *suite) instances(namespace string) kubevirtv1.VirtualMachineInstanceInterface {
	return s.client.KubevirtV1().VirtualMachineInstances(namespace)
}

// contextOfCleanup bounds what a test does after its end.
func contextOfCleanup(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
