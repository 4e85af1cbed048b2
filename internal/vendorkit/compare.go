package vendorkit

import (
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// editMargin is by how much the stamp of an agent's last edit may be off: it may be in
// whole seconds, and that of a new agent may lie behind that of its creation.
const editMargin = 2 * time.Second

// setAside takes out the newcomers of other names that differ from the source in
// a field that the vendor documents as copied. A difference tells something only
// if nobody has edited either since.
func (s *search[A, K]) setAside() {
	if s.Compared == nil || s.Since.IsZero() {
		return
	}
	found := false // then nothing depends on the others
	for _, k := range s.kept {
		found = found || k.Match == agentcopy.MatchCertain
	}
	source := sync.OnceValue(s.uneditedSource)
	for id, k := range s.kept {
		if k.shown.ID == "" || !k.shown.isOther(s.Name) {
			continue
		}
		differs, known := s.Client.known.get(s.SourceID, id)
		if !known {
			if source() == nil {
				return
			}
			if differs, known = s.compare(source(), k, !found); known {
				s.Client.known.put(s.SourceID, id, differs)
			}
		}
		if differs {
			delete(s.kept, id)
		}
	}
}

// uneditedSource reads the source. It is nil if it cannot be told that it was not
// edited since the request.
func (s *search[A, K]) uneditedSource() *A {
	source := s.source
	if source == nil || s.Whole != nil { // lists do not show it whole
		var err error
		if source, err = s.Source(); err != nil {
			return nil
		}
	}
	shown := s.Show(source)
	if shown.Updated.Time.IsZero() || s.Client.Dates.Staleness(shown.Response) != "" {
		return nil
	}
	if !shown.Updated.Time.Before(s.sinceThere(shown.Response).Add(-editMargin)) {
		return nil
	}
	return source
}

// compare compares an agent with the source. known is false if it has to be
// compared again: it could not be read, and ask is false or the reading failed.
func (s *search[A, K]) compare(source *A, k kin[A], ask bool) (differs, known bool) {
	if !unedited(&k.shown) {
		return false, false
	}
	if s.differs(source, k.agent) {
		return true, true
	}
	if s.Whole == nil {
		return false, true
	}
	if !ask {
		return false, false
	}
	whole, err := s.Whole(k.agent)
	if err != nil {
		return false, false
	}
	shown := s.Show(whole)
	return unedited(&shown) && s.differs(source, whole), true
}

// differs reports whether agent differs from source in what a copy has of it, as far as
// both show it.
func (s *search[A, K]) differs(source, agent *A) bool {
	there := s.Compared(agent)
	for i, value := range s.Compared(source) {
		if value != "" && there[i] != "" && value != there[i] {
			return true
		}
	}
	return false
}

// unedited reports whether an agent is as it was made.
func unedited(s *Shown) bool {
	created, updated := s.Created.Time, s.Updated.Time
	return !created.IsZero() && !updated.IsZero() && s.Created.HasZone() == s.Updated.HasZone() && updated.Sub(created) <= editMargin
}

// differences remembers which agents differ from a source, so that a Copier reads
// each of them once.
type differences struct {
	mu      sync.Mutex
	differs map[[2]string]bool
}

const maxDifferences = 10_000

func (v *differences) get(source, agent string) (differs, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	differs, known = v.differs[[2]string{source, agent}]
	return differs, known
}

func (v *differences) put(source, agent string, differs bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.differs == nil || len(v.differs) >= maxDifferences {
		v.differs = make(map[[2]string]bool)
	}
	v.differs[[2]string{source, agent}] = differs
}
