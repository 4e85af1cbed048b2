package laxjson

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

const (
	// deepest is how deeply a document may be nested. encoding/json reads 10,000
	// levels; no agent has a hundred.
	deepest = 1000
	// mostNotes is how many oddities a warning names.
	mostNotes = 3
)

// reader reads a document and writes it anew as encoding/json can read it into a
// shape. As long as nothing has to be changed, nothing is written.
type reader struct {
	in  []byte
	pos int

	out  []byte // what in[:copied] has become
	copy int    // how far in is in out

	path    [][]byte // the keys of the objects around pos, nil for a list
	warning *Warning
	odds    int // all oddities, those among them that are not in warning
}

// document reads the whole of a document into shape s.
func (r *reader) document(s *shape) ([]byte, error) {
	r.space()
	if r.pos == len(r.in) {
		return nil, ErrEmpty
	}
	first := r.in[r.pos]
	if first != '{' && first != '[' {
		if !json.Valid(r.in) {
			return nil, ErrNotJSON
		}
		return r.in, nil
	}
	if _, err := r.value(s); err != nil {
		return nil, err
	}
	clean := r.in[:r.pos]
	if r.copy > 0 {
		r.replace(r.pos, r.pos, "")
		clean = r.out
	}
	if r.space(); r.pos < len(r.in) {
		r.note(true, "the document goes on after its end")
	}
	return clean, nil
}

// replace writes text in place of in[from:to].
func (r *reader) replace(from, to int, text string) {
	r.out = append(r.out, r.in[r.copy:from]...)
	r.out = append(r.out, text...)
	r.copy = to
}

// odd notes what is odd about the value at the current path. A word from the document
// stands for %q in what.
func (r *reader) odd(malformed bool, what string, word ...byte) {
	if r.odds++; r.odds > 100 && (r.warning.Malformed || !malformed) {
		return // it is known by now
	}
	var names []string
	for _, key := range r.path {
		if key != nil {
			names = append(names, orDots(string(key)))
		}
	}
	where := "the document"
	if len(names) > 0 {
		where = "field " + strconv.Quote(orDots(strings.Join(names, ".")))
	}
	if word != nil {
		what = strings.Replace(what, "%q", strconv.Quote(orDots(string(word))), 1)
	}
	r.note(malformed, where+" "+what)
}

// note adds text to the warning, once.
func (r *reader) note(malformed bool, text string) {
	if r.warning == nil {
		r.warning = &Warning{}
	}
	r.warning.Malformed = r.warning.Malformed || malformed
	if w := r.warning; len(w.notes) < mostNotes && !slices.Contains(w.notes, text) {
		w.notes = append(w.notes, text)
	}
}

// broken is the error for a document that cannot be read on.
func (r *reader) broken() error {
	if r.pos >= len(r.in) {
		return fmt.Errorf("%w: it ends within a value", ErrBroken)
	}
	return fmt.Errorf("%w: unexpected %q at byte %d", ErrBroken, r.in[r.pos], r.pos+1)
}

// space skips white space, comments and stray control characters.
func (r *reader) space() {
	for r.pos < len(r.in) {
		switch c := r.in[r.pos]; {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			r.pos++
		case c < ' ':
			r.odd(true, "holds a stray control character")
			r.replace(r.pos, r.pos+1, "")
			r.pos++
		case c == '/' && r.comment():
		default:
			return
		}
	}
}

func (r *reader) comment() bool {
	start, rest := r.pos, r.in[r.pos:]
	if after, ok := bytes.CutPrefix(rest, []byte("//")); ok {
		comment, _, _ := bytes.Cut(after, []byte("\n"))
		r.pos += len("//") + len(comment)
	} else if after, ok := bytes.CutPrefix(rest, []byte("/*")); ok {
		comment, _, ends := bytes.Cut(after, []byte("*/"))
		if !ends {
			return false
		}
		r.pos += len("/*") + len(comment) + len("*/")
	} else {
		return false
	}
	r.odd(true, "holds a comment")
	r.replace(start, r.pos, "")
	return true
}

// value reads one value into shape s, which is nil where nobody reads it, and returns
// what it costs in memory.
func (r *reader) value(s *shape) (cost int, err error) {
	if r.space(); r.pos == len(r.in) {
		return 0, r.broken()
	}
	start := r.pos
	switch r.in[start] {
	case '{', '[':
		return r.container(s)
	case '"':
		if err := r.text(); err != nil {
			return 0, err
		}
	default:
		if err := r.word(); err != nil {
			return 0, err
		}
	}
	if s != nil {
		r.fit(s, start)
	}
	return 0, nil
}

// container reads an object or a list. A list that costs too much and what is nested
// too deeply become null.
func (r *reader) container(s *shape) (cost int, err error) {
	start, out, copied := r.pos, len(r.out), r.copy
	if len(r.path) >= deepest {
		if err := r.skip(); err != nil {
			return 0, err
		}
		r.odd(false, "is nested too deeply; what lies below was left out")
		r.replace(start, r.pos, "null")
		return 0, nil
	}
	r.path = append(r.path, nil)
	if r.in[start] == '{' {
		cost, err = r.object(s)
	} else {
		cost, err = r.list(s)
	}
	r.path = r.path[:len(r.path)-1]
	if err != nil {
		return 0, err
	}
	if s == nil {
		return 0, nil
	}
	length := r.pos - start
	if s.own || s.kind == opaque {
		cost += length
	}
	if s.kind != object && cost > listBudget && cost > budgetFactor*length { // the object around it may have the ID
		r.odd(false, "would take far more memory than it has bytes; it was left out")
		r.out, r.copy = r.out[:out], copied
		r.replace(start, r.pos, "null")
		return 0, nil
	}
	return cost, nil
}

// object reads an object. s may be of any kind: the document decides.
func (r *reader) object(s *shape) (cost int, err error) {
	var seen [4]uint64 // the fields that were there, by number
	r.pos++
	for first := true; ; first = false {
		done, err := r.next('}', first)
		if done || err != nil {
			return cost, err
		}
		start := r.pos
		if r.in[start] != '"' {
			return 0, r.broken()
		}
		if err := r.text(); err != nil {
			return 0, err
		}
		key := r.in[start+1 : r.pos-1]
		r.path[len(r.path)-1] = key
		if r.space(); r.pos == len(r.in) || r.in[r.pos] != ':' {
			return 0, r.broken()
		}
		r.pos++
		var below *shape
		switch {
		case s == nil:
		case s.kind == object:
			if f, ok := s.field(key); ok {
				below = f.shape
				if word, bit := f.number/64%len(seen), uint64(1)<<(f.number%64); seen[word]&bit != 0 {
					r.odd(false, "is there twice; the last one counts")
				} else {
					seen[word] |= bit
				}
			}
		case s.kind == dict || s.kind == free:
			below = s.elem
			cost += len(key) + dictCost(s.elem.size)
		}
		more, err := r.value(below)
		if err != nil {
			return 0, err
		}
		cost += more
	}
}

// list reads a list. s may be of any kind: the document decides.
func (r *reader) list(s *shape) (cost int, err error) {
	r.pos++
	for first := true; ; first = false {
		done, err := r.next(']', first)
		if done || err != nil {
			return cost, err
		}
		var below *shape
		if s != nil && (s.kind == list || s.kind == free) {
			below = s.elem
			cost += listCost(s.elem.size)
		}
		more, err := r.value(below)
		if err != nil {
			return 0, err
		}
		cost += more
	}
}

// next goes to the next member of an object or list, and reports whether its end
// came instead. Commas too many are left out.
func (r *reader) next(end byte, first bool) (done bool, err error) {
	start, out, copied := r.pos, len(r.out), r.copy
	commas := 0
	for r.space(); r.pos < len(r.in) && r.in[r.pos] == ','; r.space() {
		r.pos++
		commas++
	}
	if r.pos == len(r.in) {
		return false, r.broken()
	}
	done = r.in[r.pos] == end
	separator := ","
	if first || done {
		separator = ""
	}
	switch {
	case commas < len(separator):
		return false, r.broken()
	case commas > len(separator):
		r.odd(true, "holds a comma too many")
		r.out, r.copy = r.out[:out], copied
		r.replace(start, r.pos, separator)
	}
	if done {
		r.pos++
	}
	return done, nil
}

// text reads a string. What may not stand in one is escaped.
func (r *reader) text() error {
	for r.pos++; r.pos < len(r.in); r.pos++ {
		switch c := r.in[r.pos]; {
		case c == '"':
			r.pos++
			return nil
		case c == '\\':
			if err := r.escape(); err != nil {
				return err
			}
		case c < ' ':
			r.odd(true, "holds a control character in a string")
			r.replace(r.pos, r.pos+1, escaped(c))
		}
	}
	return r.broken()
}

// escaped is a control character as it may stand in a string. Those that are no white
// space become the replacement character.
func escaped(c byte) string {
	switch c {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return "\uFFFD"
}

// escape reads an escape up to its last byte. One that JSON does not have stands for
// itself.
func (r *reader) escape() error {
	if r.pos+1 == len(r.in) {
		r.pos++
		return r.broken()
	}
	switch c := r.in[r.pos+1]; {
	case strings.IndexByte(`"\/bfnrt`, c) >= 0:
		r.pos++
		return nil
	case c == 'u' && r.pos+6 <= len(r.in):
		var char [2]byte
		if _, err := hex.Decode(char[:], r.in[r.pos+2:r.pos+6]); err == nil {
			r.pos += 5
			return nil
		}
	}
	r.odd(true, "holds an unknown escape in a string")
	r.replace(r.pos, r.pos+1, `\\`)
	return nil
}

// word reads a number, true, false or null. Any other word becomes null.
func (r *reader) word() error {
	start := r.pos
	for r.pos < len(r.in) && r.in[r.pos] > ' ' && strings.IndexByte(`,:]}[{"/`, r.in[r.pos]) < 0 {
		r.pos++
	}
	word := r.in[start:r.pos]
	switch string(word) {
	case "":
		return r.broken()
	case "true", "false", "null":
		return nil
	}
	if !isNumber(word) {
		r.odd(true, "is %q, which is no JSON; it was left out", word...)
		r.replace(start, r.pos, "null")
	}
	return nil
}

// isNumber reports whether word is a number as JSON writes it.
func isNumber(word []byte) bool {
	return len(word) > 0 && (word[0] == '-' || '0' <= word[0] && word[0] <= '9') && json.Valid(word)
}

// skip goes past an object or a list of any depth.
func (r *reader) skip() error {
	for depth := 0; r.pos < len(r.in); {
		switch r.in[r.pos] {
		case '"':
			if err := r.text(); err != nil {
				return err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				r.pos++
				return nil
			}
		}
		r.pos++
	}
	return r.broken()
}

// fit writes the string or number that was read since start as shape s needs it.
func (r *reader) fit(s *shape, start int) {
	const longest = 100 // of a number
	if r.copy > start || r.pos-start > longest || s.kind != text && s.kind != integer && s.kind != number {
		return // it was odd already, or needs nothing
	}
	read := string(r.in[start:r.pos])
	quoted := read[0] == '"'
	bareNumber := isNumber(r.in[start:r.pos])
	bare := strings.TrimSpace(strings.Trim(read, `"`))
	switch {
	case s.kind == text && bareNumber:
		r.odd(false, "is a number where a string is documented; it was taken as text")
		n, ok := wholeNumber(read)
		if !ok {
			n = read
		}
		r.replace(start, r.pos, `"`+n+`"`) // 456 of 456.0 and 4.56e2
	case s.kind == integer && (quoted || bareNumber):
		if n, ok := wholeNumber(bare); ok && n != read {
			r.odd(false, "is %q where an integer is documented; it was taken as one", r.in[start:r.pos]...)
			r.replace(start, r.pos, n)
		}
	case s.kind == number && quoted && isNumber([]byte(bare)):
		r.odd(false, "is a string where a number is documented; it was taken as a number")
		r.replace(start, r.pos, bare)
	}
}

// wholeNumber is an integer in the form that encoding/json reads into one.
func wholeNumber(form string) (string, bool) {
	if n, err := strconv.ParseInt(form, 10, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	if strings.Trim(form, "0123456789.eE+-") != "" {
		return "", false
	}
	// Beyond these, an exponent could make the exact number very long.
	if f, err := strconv.ParseFloat(form, 64); err != nil || math.Abs(f) < 1 && f != 0 || math.Abs(f) >= 1<<64 {
		return "", false
	} else if f == 0 {
		return "0", true
	}
	exact, ok := new(big.Rat).SetString(form) // a float64 would round large IDs
	if !ok || !exact.IsInt() {
		return "", false
	}
	return exact.Num().String(), true
}
