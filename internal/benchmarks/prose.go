package main

import "encoding/json"

// paragraph reads like the prompts that agents are given: lists, quotes, line
// breaks. The last two are escaped in JSON, which no decoder gets for free.
const paragraph = `You answer questions about leases. Quote the clause you rely on, and its number, before you conclude.
- Ask for the document if "the lease" could be one of several.
- Never guess a date: say that it is missing.

`

// prose returns text that takes n bytes in a JSON document, without the quotes
// around it.
func prose(n int) string {
	text := make([]byte, 0, n)
	for i := 0; n > 0; i++ {
		c := paragraph[i%len(paragraph)]
		if n == 1 {
			c = '.' // the one byte left has no room for an escape
		}
		text = append(text, c)
		n--
		if c == '\n' || c == '"' {
			n--
		}
	}
	return string(text)
}

// fill sets text, a field of document, so that the document takes size bytes.
func fill(document any, text *string, size int) {
	*text = "."
	*text = prose(max(1, size-len(encode(document))+1))
}

// encode returns v as JSON. It is for documents of this program, which can all
// be encoded.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
