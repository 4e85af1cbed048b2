package agentcopy

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time is a time stamp as the vendors send it. It reads RFC 3339 and its common
// variants: a space for the T, small letters, a comma before the fraction, the
// offsets +00 and +0000, and the zoneless form 2006-01-02T15:04:05 that Zudu and
// Kolena send. It also reads a present-day epoch in seconds, milliseconds,
// microseconds or nanoseconds, as a number or as text.
//
// A zoneless stamp is taken as UTC, which neither vendor states; see HasZone.
//
// A stamp that cannot be read leaves the embedded [time.Time] zero. It never fails
// the decoding of the document around it, which would lose the ID of a copy.
//
// Marshalling a Time that was decoded writes the bytes it was decoded from, unless
// the embedded time was changed since.
type Time struct {
	time.Time
	raw string // JSON as it came; "" if marshalling the time gives the same
}

// UnmarshalJSON sets t to the stamp in data. null, "", 0 and false stand for no stamp,
// and give the zero Time. It always returns nil.
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time{}
	data = bytes.TrimSpace(data)
	switch string(data) {
	case `null`, `""`, `0`, `false`:
		return nil
	}
	t.Time, _ = readStamp(data)
	var buf [64]byte
	if written, err := appendStamp(buf[:0], t.Time); (err != nil || !bytes.Equal(written, data)) && json.Valid(data) {
		t.raw = string(data)
	}
	return nil
}

// MarshalJSON writes the bytes that t was decoded from. A time that did not come
// from JSON is written as RFC 3339, with as many digits of a second as it has, and
// the zero Time as null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.isRaw() {
		return []byte(t.raw), nil
	}
	if t.Time.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}

// IsZero reports whether there is no stamp. A stamp that was sent but cannot be read
// is one: IsZero is false, and IsZero of the embedded [time.Time] is true.
func (t Time) IsZero() bool { return t.Time.IsZero() && t.raw == "" }

// HasZone reports whether the stamp is an exact point in time: it was sent with a
// zone or as an epoch, or was not decoded from JSON at all. It is false for a
// zoneless stamp and for one that cannot be read.
func (t Time) HasZone() bool {
	if !t.isRaw() {
		return !t.Time.IsZero()
	}
	_, zoned := readStamp([]byte(t.raw))
	return zoned
}

// isRaw reports whether t still is the time that its raw form stands for.
func (t Time) isRaw() bool {
	if t.raw == "" {
		return false
	}
	read, _ := readStamp([]byte(t.raw))
	return read.Equal(t.Time)
}

// appendStamp is what MarshalJSON writes of a time.
func appendStamp(b []byte, t time.Time) ([]byte, error) {
	b = append(b, '"')
	b, err := t.AppendText(b)
	return append(b, '"'), err
}

// readStamp reads a stamp in JSON. The zero time stands for one that cannot be read.
func readStamp(data []byte) (stamp time.Time, zoned bool) {
	text, quoted := bytes.CutPrefix(data, []byte{'"'})
	text, _ = bytes.CutSuffix(text, []byte{'"'})
	if len(text) > 100 { // longer than any stamp
		return time.Time{}, false
	}
	if quoted && bytes.IndexByte(text, '\\') >= 0 {
		var unescaped string
		if json.Unmarshal(data, &unescaped) != nil {
			return time.Time{}, false
		}
		text = []byte(unescaped)
	}
	if !quoted {
		return readEpoch(string(text))
	}
	if stamp, err := time.Parse(time.RFC3339, string(text)); err == nil {
		return checkZone(stamp)
	}
	clean := strings.TrimSpace(string(text))
	if stamp, zoned = readVariant(clean); !stamp.IsZero() {
		return stamp, zoned
	}
	return readEpoch(clean)
}

// readVariant reads what looks like RFC 3339 but differs in its separator, its
// fraction or its zone.
func readVariant(text string) (stamp time.Time, zoned bool) {
	const date, dateTime = len("2006-01-02"), len("2006-01-02T15:04:05")
	if len(text) < dateTime || !strings.Contains("Tt _", text[date:date+1]) {
		return time.Time{}, false
	}
	rest := text[dateTime:]
	digits := 0
	if rest != "" && (rest[0] == '.' || rest[0] == ',') {
		for digits = 1; digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9'; digits++ {
		}
	}
	zone, zoned := offsetOf(strings.ToUpper(strings.TrimSpace(rest[digits:])))
	stamp, err := time.Parse(time.RFC3339, text[:date]+"T"+text[date+1:dateTime]+rest[:digits]+zone)
	if err != nil {
		return time.Time{}, false
	}
	if stamp, ok := checkZone(stamp); ok {
		return stamp, zoned
	}
	return time.Time{}, false
}

// offsetOf is the zone of a stamp as RFC 3339 writes it; zoned is false if there
// is none. What is no zone stays as it is.
func offsetOf(zone string) (offset string, zoned bool) {
	switch {
	case zone == "":
		return "Z", false
	case zone == "UTC" || zone == "GMT":
		return "Z", true
	case zone[0] != '+' && zone[0] != '-':
	case len(zone) == len("+00"):
		return zone + ":00", true
	case len(zone) == len("+0000"):
		return zone[:3] + ":" + zone[3:], true
	}
	return zone, true
}

// checkZone refuses an offset of a day and more, which time.Parse reads, but RFC
// 3339 does not have.
func checkZone(stamp time.Time) (time.Time, bool) {
	const day = 24 * 60 * 60
	if _, offset := stamp.Zone(); offset <= -day || offset >= day {
		return time.Time{}, false
	}
	return stamp, true
}

// readEpoch reads a count of seconds, or of a fraction of them, since 1970, if it
// is one of the years 2001 to 2286: of a smaller or larger number, the unit is not
// known.
func readEpoch(text string) (stamp time.Time, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		switch {
		case n < 1e9:
			return time.Time{}, false
		case n < 1e10:
			return time.Unix(n, 0).UTC(), true
		case n >= 1e12 && n < 1e13:
			return time.UnixMilli(n).UTC(), true
		case n >= 1e15 && n < 1e16:
			return time.UnixMicro(n).UTC(), true
		case n >= 1e18:
			return time.Unix(0, n).UTC(), true
		}
		return time.Time{}, false
	}
	if strings.Trim(text, "0123456789.eE+") != "" {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 1e9 || f >= 1e13 || f >= 1e10 && f < 1e12 {
		return time.Time{}, false
	}
	if f >= 1e12 {
		f /= 1e3
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e6)*1e3).UTC(), true // a float64 holds no more digits
}
