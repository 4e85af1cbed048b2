package agentcopytest

import (
	"time"
)

// Stamps is how a vendor writes time stamps, and the clock they come from. The zero
// Stamps are the documented form and the right time.
type Stamps struct {
	Form StampForm
	// Zone is where the stamps are from; nil for UTC.
	Zone *time.Location
	// ClockOffset is how far the vendor's clock is ahead; negative if it is behind.
	ClockOffset time.Duration
}

// StampForm is one of the forms below, or a layout of package time. A layout that
// names no part of a time is plain text: "a while ago".
type StampForm string

// Forms of a time stamp.
const (
	StampSeconds   StampForm = "2006-01-02T15:04:05Z07:00"
	StampZoneless  StampForm = "2006-01-02T15:04:05"
	StampUnix      StampForm = "unix"      // a number of seconds
	StampUnixMilli StampForm = "unixmilli" // a number of milliseconds
	StampTrue      StampForm = "true"      // the flag true
	StampNull      StampForm = "null"
	StampAbsent    StampForm = "absent" // the field is missing
)

// stamp writes t into the field key, in form, or else in layout. The
// zero time leaves the field out.
func (s Stamps) stamp(o *object, key string, t time.Time, form StampForm, layout string) {
	if s.Zone != nil {
		t = t.In(s.Zone)
	}
	switch {
	case t.IsZero() || form == StampAbsent:
		o.drop(key)
	case form == "":
		o.set(key, t.Format(layout))
	case form == StampUnix:
		o.set(key, t.Unix())
	case form == StampUnixMilli:
		o.set(key, t.UnixMilli())
	case form == StampTrue:
		o.set(key, true)
	case form == StampNull:
		o.set(key, nil)
	default:
		o.set(key, t.Format(string(form)))
	}
}
