package window

// ring is a queue of moments, in a buffer that grows to what was needed at most.
type ring struct {
	buf        []moment // its length is a power of two
	start, len int
}

func (r *ring) at(i int) moment { return r.buf[(r.start+i)&(len(r.buf)-1)] }
func (r *ring) first() moment   { return r.at(0) }
func (r *ring) pop()            { r.start = (r.start + 1) & (len(r.buf) - 1); r.len-- }

func (r *ring) push(m moment) {
	if r.len == len(r.buf) {
		grown := make([]moment, max(8, 2*r.len))
		for i := range r.len {
			grown[i] = r.at(i)
		}
		r.buf, r.start = grown, 0
	}
	r.buf[(r.start+r.len)&(len(r.buf)-1)] = m
	r.len++
}
