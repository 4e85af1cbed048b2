package laxjson

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// kind is what encoding/json does with a value of a Go type.
type kind int

const (
	opaque  kind = iota // decodes itself, or as it comes
	object              // a struct
	list                // a slice or an array
	dict                // a map
	free                // an interface: whatever comes
	text                // a string
	integer             // signed or unsigned
	number              // floating-point
)

// shape is what there is to know of a Go type in order to read a document into it.
// The nil shape is that of a value which nobody reads.
type shape struct {
	kind    kind
	own     bool   // it has an UnmarshalJSON, which is given its bytes
	elem    *shape // of a list or dict; of what is free, itself
	fields  map[string]field
	size    int // of a value, in bytes
	dearest int // the most that any value in a document costs, at least 1; only of a root
}

type field struct {
	number int
	shape  *shape
}

// What a value costs in memory, beyond the bytes it has in the document.
const (
	// growth is by how much a list takes more than its elements while it grows, in
	// halves: it is copied to a new one that is half empty.
	growth = 5
	// entryCost is what an entry of a map takes beyond its key and its value.
	entryCost = 64
	// freeCost is what a value of an interface takes.
	freeCost = 64
)

func listCost(size int) int { return size * growth / 2 }

func dictCost(size int) int { return (size + entryCost) * growth / 2 }

var (
	shapesMu sync.Mutex
	shapes   = make(map[reflect.Type]*shape)
)

// shapeOf is the shape of t, the type of a whole document.
func shapeOf(t reflect.Type) *shape {
	shapesMu.Lock()
	defer shapesMu.Unlock()
	s := build(t)
	if s.dearest == 0 {
		s.dearest = max(1, dearestIn(s, make(map[*shape]bool)))
	}
	return s
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// build makes the shape of t. Types may refer to themselves.
func build(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := shapes[t]; ok {
		return s
	}
	s := &shape{size: int(t.Size()), own: reflect.PointerTo(t).Implements(unmarshaler)}
	shapes[t] = s
	switch t.Kind() {
	case reflect.Struct:
		s.kind = object
		s.fields = make(map[string]field)
		s.addFields(t)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 { // base64, or json.RawMessage
			break
		}
		s.kind, s.elem = list, build(t.Elem())
	case reflect.Map:
		s.kind, s.elem = dict, build(t.Elem())
	case reflect.Interface:
		s.kind, s.elem, s.size = free, s, freeCost
	case reflect.String:
		s.kind = text
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.kind = integer
	case reflect.Float32, reflect.Float64:
		s.kind = number
	}
	if s.own && s.kind != object || t == reflect.TypeFor[json.Number]() {
		s.kind, s.elem = opaque, nil
	}
	return s
}

func (s *shape) addFields(t reflect.Type) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			s.addFields(f.Type)
		case f.IsExported():
			s.fields[cmp.Or(name, f.Name)] = field{len(s.fields), build(f.Type)}
		}
	}
}

// field finds the field that a key in a document stands for, as encoding/json does: by
// its name, or else by one that differs only in upper and lower case.
func (s *shape) field(quoted []byte) (field, bool) {
	if f, ok := s.fields[string(quoted)]; ok {
		return f, true
	}
	key := string(quoted)
	if strings.Contains(key, `\`) {
		_ = json.Unmarshal([]byte(`"`+key+`"`), &key) // what cannot be read stays as it is
	}
	for name, f := range s.fields {
		if len(name) == len(key) && strings.EqualFold(name, key) {
			return f, true
		}
	}
	return field{}, false
}

// dearestIn is the most that a value anywhere in a document of shape s can cost.
func dearestIn(s *shape, seen map[*shape]bool) int {
	if s == nil || seen[s] {
		return 0
	}
	seen[s] = true
	cost := 0
	switch s.kind {
	case list:
		cost = listCost(s.elem.size)
	case dict, free:
		cost = dictCost(s.elem.size)
	}
	cost = max(cost, dearestIn(s.elem, seen))
	for _, f := range s.fields {
		cost = max(cost, dearestIn(f.shape, seen))
	}
	return cost
}
