package main

import "testing"

func TestDocumentsHaveTheirSize(t *testing.T) {
	for _, g := range groups() {
		for _, size := range []int{2 << 10, 20 << 10, 200 << 10} {
			if got := len(g.sample(size, false).answer.body); got != size {
				t.Errorf("%s: the answer of %d bytes has %d", g.vendor, size, got)
			}
		}
	}
}
