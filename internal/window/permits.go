package window

// Ticket is the right to send one attempt.
type Ticket struct {
	index int
	use   uint64
}

// permits are those of attempts under way. They grow to as many as there were at once.
type permits struct {
	uses  []uint64 // how often each was given back, so that a Ticket counts once
	spare []int    // the indexes of those not in use
}

func (p *permits) take() Ticket {
	if len(p.spare) == 0 {
		p.uses = append(p.uses, 0)
		return Ticket{index: len(p.uses) - 1}
	}
	last := len(p.spare) - 1
	i := p.spare[last]
	p.spare = p.spare[:last]
	return Ticket{i, p.uses[i]}
}

// giveBack ends the attempt of t and reports whether it was still under way.
func (p *permits) giveBack(t Ticket) bool {
	if p.uses[t.index] != t.use {
		return false
	}
	p.uses[t.index]++
	p.spare = append(p.spare, t.index)
	return true
}
