package transport

import (
	"bytes"
	"encoding/json"

	"github.com/agentcopy/agentcopy-go/internal/laxjson"
)

// stampsIn returns the stamps of the agents in a document by their IDs. The
// agents are the outermost objects that have an ID: what they consist of may
// have IDs and stamps as well, and even the same ones.
//
// The document is read token by token, so that only what is returned takes memory.
func stampsIn(body []byte, id, stamp string) map[string]string {
	clean, err := laxjson.Clean(body)
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(clean))
	decoder.UseNumber() // Kolena's IDs are numbers
	type level struct {
		object    bool
		key       string // that the next value belongs to; "" where a key comes next
		id, stamp string
	}
	var (
		levels []level
		stamps map[string]string
		depth  int // of the objects in stamps
	)
	for {
		token, err := decoder.Token()
		if err != nil {
			return stamps
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			levels = append(levels, level{object: token == json.Delim('{')})
			continue
		case json.Delim('}'), json.Delim(']'):
			ended := levels[len(levels)-1]
			levels = levels[:len(levels)-1]
			if ended.id != "" && (stamps == nil || len(levels) <= depth) {
				if stamps == nil || len(levels) < depth {
					stamps, depth = make(map[string]string), len(levels)
				}
				stamps[ended.id] = ended.stamp
			}
		}
		if len(levels) == 0 {
			return stamps
		}
		switch top := &levels[len(levels)-1]; {
		case !top.object:
		case top.key == "":
			top.key, _ = token.(string)
			top.key += ":" // a key may be empty
		default:
			switch top.key {
			case id + ":":
				top.id = textOfToken(token)
			case stamp + ":":
				top.stamp = textOfToken(token)
			}
			top.key = ""
		}
	}
}

// textOfToken is a string or a number as text; "" for anything else.
func textOfToken(token json.Token) string {
	switch token := token.(type) {
	case string:
		return token
	case json.Number:
		return token.String()
	}
	return ""
}
