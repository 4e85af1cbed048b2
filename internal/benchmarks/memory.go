package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// memory is an http.RoundTripper that answers from memory. It allocates what an
// answer cannot be without.
type memory struct {
	status  int
	header  http.Header // shared by all answers: no contender changes it
	answer  []byte
	length  int64 // as declared; -1 if the answer comes in chunks
	latency time.Duration
}

func newMemory(a answer) *memory {
	return &memory{status: a.status, header: a.header(), answer: a.body, length: a.length()}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	if m.latency > 0 {
		timer := time.NewTimer(m.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	resp := &http.Response{
		StatusCode:    m.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        m.header,
		ContentLength: m.length,
		Request:       req,
	}
	b := new(body)
	b.Reader.Reset(m.answer)
	resp.Body = b
	return resp, nil
}

// body is an answer's body. Like a body from the network, it can be read and
// closed, and no more.
type body struct{ Reader bytes.Reader }

func (b *body) Read(p []byte) (int, error) { return b.Reader.Read(p) }
func (b *body) Close() error               { return nil }

// answer is what every request of a measurement is answered with.
type answer struct {
	status  int
	body    []byte
	chunked bool
}

func (a answer) length() int64 {
	if a.chunked {
		return -1
	}
	return int64(len(a.body))
}

func (a answer) header() http.Header {
	h := http.Header{
		"Content-Type": {"application/json"},
		"Date":         {"Tue, 24 Nov 2026 12:00:00 GMT"},
		"X-Request-Id": {"req-0123456789abcdef"},
	}
	if !a.chunked {
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	return h
}
