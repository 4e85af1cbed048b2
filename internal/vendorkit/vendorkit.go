// Package vendorkit holds what the packages of the vendors share beyond a single
// call: lists of many pages, the search for copies, settings from environment
// variables.
//
// It is not called vendor: the go command leaves folders of that name out of a
// module.
package vendorkit

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
