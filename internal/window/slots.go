package window

// Ticket is the right to send one attempt.
type Ticket struct {
	slot int
	gen  uint64
}

// slots are the places of attempts under way. It grows to as many as there were
// at once.
type slots struct {
	all   []slot
	spare []int // the indexes of those not in use
}

// slot is one place. gen counts its uses, so that a Ticket which is handed back
// twice does nothing the second time.
type slot struct {
	gen   uint64
	inUse bool
}

func (s *slots) take() Ticket {
	if len(s.spare) == 0 {
		s.all = append(s.all, slot{})
		s.spare = append(s.spare, len(s.all)-1)
	}
	last := len(s.spare) - 1
	i := s.spare[last]
	s.spare = s.spare[:last]
	s.all[i].inUse = true
	return Ticket{i, s.all[i].gen}
}

// vacate ends the attempt of t and reports whether it was still under way.
func (s *slots) vacate(t Ticket) bool {
	slot := &s.all[t.slot]
	if !slot.inUse || slot.gen != t.gen {
		return false
	}
	slot.inUse = false
	slot.gen++
	s.spare = append(s.spare, t.slot)
	return true
}
