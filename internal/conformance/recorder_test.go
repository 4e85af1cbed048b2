package conformance

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// exchange is one request and its answer, with their bodies.
type exchange struct {
	request      *http.Request // its Body is there to be read
	requestBody  []byte
	response     *http.Response
	responseBody []byte
}

// recorder notes what passes through a transport.
type recorder struct {
	next http.RoundTripper

	mu   sync.Mutex
	seen []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchange{request: req.Clone(req.Context())}
	var err error
	if req.Body != nil {
		if x.requestBody, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(x.requestBody))
		x.request.Body = io.NopCloser(bytes.NewReader(x.requestBody))
	}
	if x.response, err = r.next.RoundTrip(req); err != nil {
		return nil, err
	}
	if x.responseBody, err = io.ReadAll(x.response.Body); err != nil {
		return nil, err
	}
	_ = x.response.Body.Close()
	x.response.Body = io.NopCloser(bytes.NewReader(x.responseBody))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, x)
	return x.response, nil
}

func (r *recorder) exchanges() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]exchange(nil), r.seen...)
}
