package cotool

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// ToolActionConfig limits what an [Agent] may do with a tool. Type tells the members of
// a union apart. Cotool shows only this member, whose fields suggest Slack.
type ToolActionConfig struct {
	Type            string    `json:"type,omitzero"`
	AllowedChannels []Channel `json:"allowedChannels,omitzero"`
	HideAgentButton bool      `json:"hideAgentButton,omitzero"`

	// Raw is the object as Cotool sent it, with the fields of members that this SDK
	// does not know. Marshalling writes it, with the fields above put in where they
	// were changed.
	Raw json.RawMessage `json:"-"`
}

// plainConfig is a ToolActionConfig that encoding/json reads and writes field by
// field.
type plainConfig ToolActionConfig

// UnmarshalJSON reads the fields that can be read and keeps the whole in Raw. It
// always returns nil: an error would end the decode of the agent.
func (c *ToolActionConfig) UnmarshalJSON(data []byte) error {
	*c = ToolActionConfig{}
	if string(data) == "null" {
		return nil
	}
	_ = json.Unmarshal(data, (*plainConfig)(c)) // fields of another type are in Raw
	c.Raw = bytes.Clone(data)
	return nil
}

// MarshalJSON writes Raw, with the fields that were changed since it was read.
func (c ToolActionConfig) MarshalJSON() ([]byte, error) {
	var read ToolActionConfig
	if len(c.Raw) > 0 {
		_ = read.UnmarshalJSON(c.Raw) // it never fails
	}
	if len(c.Raw) > 0 && reflect.DeepEqual(plainConfig(read), plainConfig(c)) {
		return c.Raw, nil
	}
	fields := make(map[string]json.RawMessage)
	_ = json.Unmarshal(c.Raw, &fields) // only an object has fields to keep
	for name, f := range map[string]struct{ value, read any }{
		"type":            {c.Type, read.Type},
		"allowedChannels": {c.AllowedChannels, read.AllowedChannels},
		"hideAgentButton": {c.HideAgentButton, read.HideAgentButton},
	} {
		if reflect.DeepEqual(f.value, f.read) {
			continue
		}
		var err error
		if fields[name], err = json.Marshal(f.value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(fields)
}
