package agentcopytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

// objectOf is the JSON of v, which must be a struct or a map.
func objectOf(v any) (o object) {
	decoder := json.NewDecoder(bytes.NewReader(encode(v)))
	_, _ = decoder.Token() // the opening brace
	for decoder.More() {
		key, _ := decoder.Token()
		m := member{key: key.(string)}
		_ = decoder.Decode(&m.value)
		o = append(o, m)
	}
	return o
}

// set gives the member key a value, in its place or else at the end.
func (o *object) set(key string, v any) {
	value := json.RawMessage(bytes.TrimSuffix(encode(v), []byte{'\n'}))
	if i := slices.IndexFunc(*o, func(m member) bool { return m.key == key }); i >= 0 {
		(*o)[i].value = value
		return
	}
	*o = append(*o, member{key, value})
}

// drop takes members out.
func (o *object) drop(keys ...string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return slices.Contains(keys, m.key) })
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), m.value...)
	}
	return append(out, '}'), nil
}

// encode is v as JSON that escapes no HTML, as the vendors send it.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("agentcopytest: an answer cannot be encoded: %v", err)) // AddAgent has seen to it
	}
	return out.Bytes()
}
