// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

// maxNesting is more than objects of this API nest in protobuf, where nothing bounds it.
const maxNesting = 32

// checkWire refuses a protobuf message with a length-delimited field, in it or in a message in it, that is a costly quantity.
// The wire does not tell texts from quantities: an annotation that is exactly such a text is refused too.
func checkWire(data []byte, nesting int) error {
	for len(data) > 0 {
		tag, rest, ok := varint(data)
		if !ok {
			return nil
		}
		skip := uint64(0)
		switch tag & 7 {
		case 0:
			if _, rest, ok = varint(rest); !ok {
				return nil
			}
		case 1:
			skip = 8
		case 2:
			if skip, rest, ok = varint(rest); !ok || skip > uint64(len(rest)) {
				return nil
			}
			content := rest[:skip]
			if costly(content) {
				return refuse("", string(content))
			}
			if nesting > 0 {
				if err := checkWire(content, nesting-1); err != nil {
					return err
				}
			}
		case 3, 4:
		case 5:
			skip = 4
		default:
			return nil
		}
		if skip > uint64(len(rest)) {
			return nil
		}
		data = rest[skip:]
	}
	return nil
}

// varint is as lenient as the decoder: what does not fit into 64 bits is dropped.
func varint(data []byte) (uint64, []byte, bool) {
	var value uint64
	for i, c := range data {
		if i == 10 {
			break
		}
		value |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return value, data[i+1:], true
		}
	}
	return 0, nil, false
}
