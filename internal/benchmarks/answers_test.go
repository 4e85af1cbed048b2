package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var sizes = []struct {
	name  string
	bytes int
}{{"2KB", 2 << 10}, {"20KB", 20 << 10}, {"10MB", 10 << 20}}

// document is an answer of a vendor's pages, which grows to any size: half of it by
// items of a list, and the rest by a text. Both are fields of the object at the path
// within.
type document struct {
	file             string
	within           []string
	list, item, text string
}

// prompt reads like what agents are told. JSON escapes its quotes and line breaks.
const prompt = `You answer questions about leases. Quote the clause you rely on, and its number, before you conclude.
- Ask for the document if "the lease" could be one of several.
`

func (d document) ofSize(tb testing.TB, size int) []byte {
	data, err := os.ReadFile("../../" + d.file)
	must(tb, err)
	var root map[string]any
	must(tb, json.Unmarshal(data, &root))
	dropNulls(root)
	grows := root
	for _, name := range d.within {
		if grows[name] == nil {
			grows[name] = map[string]any{}
		}
		grows = grows[name].(map[string]any)
	}
	var items []any
	for range size / 2048 {
		items = append(items, json.RawMessage(fmt.Sprintf(d.item, encode(tb, strings.Repeat(prompt, 5)))))
	}
	grows[d.list], grows[d.text] = items, ""
	grows[d.text] = strings.Repeat(prompt, (size-len(encode(tb, root)))/len(encode(tb, prompt)))
	return encode(tb, root)
}

// dropNulls leaves out what one client keeps as null and another as nothing.
func dropNulls(object map[string]any) {
	for key, value := range object {
		if value == nil {
			delete(object, key)
		} else if inner, ok := value.(map[string]any); ok {
			dropNulls(inner)
		}
	}
}

func encode(tb testing.TB, v any) []byte {
	data, err := json.Marshal(v)
	must(tb, err)
	return data
}

// must ends the test if there is an error.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// memory is an http.RoundTripper that gives one answer, and allocates what an answer
// cannot be without.
type memory struct {
	status  int
	header  http.Header
	body    []byte
	latency time.Duration
}

func inMemory(status int, body []byte, latency time.Duration) *http.Client {
	header := http.Header{
		"Content-Type":   {"application/json"},
		"Content-Length": {strconv.Itoa(len(body))},
		"Date":           {"Tue, 24 Nov 2026 12:00:00 GMT"},
		"X-Request-Id":   {"req-0123456789abcdef"},
	}
	return &http.Client{Transport: &memory{status, header, body, latency}}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	time.Sleep(m.latency)
	body := new(struct {
		bytes.Reader
		io.Closer
	})
	body.Reader.Reset(m.body)
	body.Closer = nothing{}
	return &http.Response{
		StatusCode: m.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header, ContentLength: int64(len(m.body)), Body: body, Request: req,
	}, nil
}

type nothing struct{}

func (nothing) Close() error { return nil }

// dial gets a client ready, and makes sure that it decodes the same agent as the call
// by hand: one that left fields out would have less to do.
func (v *vendor) dial(tb testing.TB, c client, origin string, http *http.Client) call {
	tb.Helper()
	dial := func(c client) (do call, agent string) {
		do, err := c.dial(origin, http)
		must(tb, err)
		decoded, err := do(context.Background())
		must(tb, err)
		return do, string(encode(tb, decoded))
	}
	_, want := dial(v.clients[0])
	do, agent := dial(c)
	if agent != want {
		tb.Fatalf("%s decodes\n%s\nand the call by hand\n%s", c.name, agent, want)
	}
	return do
}

// refused is the call for an agent that is not there. It succeeds if it is refused.
func (v *vendor) refused(tb testing.TB, c client) call {
	do, err := c.dial(v.origin, inMemory(http.StatusNotFound, []byte(v.refusal), 0))
	must(tb, err)
	return func(ctx context.Context) (any, error) {
		if _, err := do(ctx); err == nil {
			return nil, errors.New("no error although the call was refused")
		}
		return nil, nil
	}
}
