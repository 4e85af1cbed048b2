package agentcopy

import (
	"bytes"
	"time"
)

// Time is a time stamp as the vendors send it. It reads RFC 3339 and the
// zoneless form 2006-01-02T15:04:05, with or without a fraction, that Zudu and
// Kolena send; a zoneless stamp is taken as UTC, which neither vendor states.
//
// A stamp that cannot be read leaves Time at its zero value and never fails the
// decode of the document around it: losing the ID of a copy that was made over
// the form of its date would be the worse fault. The raw text stays in
// [Response].Body.
type Time struct{ time.Time }

// layouts are the forms of a time stamp, most common first. time.Parse accepts
// a fraction of a second after the seconds of each, though none names it.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
}

// UnmarshalJSON sets t to the stamp in data, or to the zero Time when data is
// null, not a string, in no known form, or in a zone that is a day or more from
// UTC. It always returns nil.
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time{}
	text, ok := bytes.CutPrefix(data, []byte{'"'})
	if !ok {
		return nil
	}
	text, _ = bytes.CutSuffix(text, []byte{'"'})
	for _, layout := range layouts {
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			if hasZone(parsed) {
				t.Time = parsed
			}
			return nil
		}
	}
	return nil
}

// hasZone reports whether the zone of t is one: time.Parse reads offsets of a
// day and more, which RFC 3339 does not have and MarshalJSON cannot write.
func hasZone(t time.Time) bool {
	const day = 24 * 60 * 60
	_, offset := t.Zone()
	return offset > -day && offset < day
}

// MarshalJSON writes RFC 3339 with as many digits of a second as t has, and
// null for the zero Time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}
