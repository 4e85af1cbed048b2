package agentcopytest

import (
	"fmt"
	"regexp"
	"strings"
)

// uuid is the n-th UUID of a kind. It is the same in each run, so that a test's
// output can be compared with that of the last.
func uuid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

// The kinds of things that UUIDs stand for.
const (
	agentKind = iota
	organizationKind
	userKind
)

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// uuidFor is the ID of a new agent: the one it has, in the vendors' spelling, or
// a new one.
func (s *store[A]) uuidFor(id string) string {
	switch {
	case id == "":
		return s.newID()
	case !uuidForm.MatchString(id):
		misuse("AddAgent: the ID is not a UUID: %q", id)
	}
	return strings.ToLower(id)
}
