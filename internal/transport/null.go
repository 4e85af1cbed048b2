package transport

import "encoding/json"

// NullToNil sets each of raws that is JSON's null to nil: to the reader of an
// answer, null equals absent.
func NullToNil(raws ...*json.RawMessage) {
	for _, raw := range raws {
		if string(*raw) == "null" {
			*raw = nil
		}
	}
}
