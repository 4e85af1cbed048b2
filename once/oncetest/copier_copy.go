package oncetest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// allowed is what an error of Copy may claim.
type allowed int

const (
	// refused: the answer proves that no copy was made. Unknown is allowed too.
	refused allowed = iota
	// unknown: nothing is proved.
	unknown
	// claimed: the vendor said that it made a copy, which cannot be used. Unknown is
	// allowed too.
	claimed
)

// copyCase is a fault that one copy request meets.
type copyCase struct {
	name string
	fault
	allowed
	again  bool   // it may be sent again by Copy itself
	advice string // where the outcome is wrong
}

const (
	jsonType = "application/json"
	htmlPage = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please try again later.</body></html>"
	jsonText = `{"error": {"code": "oops", "message": "something went wrong"}}`

	afterTheFact = "a server or a gateway may say so after the copy was made: say Unknown"
	proxysPage   = "a page that is not JSON comes from a proxy, which may have refused the answer: say Unknown"
	noAnswer     = "the request may have arrived: say Unknown, unless httptrace proves that nothing was written"
	noCopyThere  = "nothing says that a copy was made: say Unknown of a success that is not the vendor's document"
)

func status(code int, made bool, body string) fault {
	f := fault{status: code, made: made, body: body, header: map[string]string{"Content-Type": jsonType}}
	if len(body) > 0 && body[0] == '<' {
		f.header["Content-Type"] = "text/html"
	}
	return f
}

func (f fault) with(key, value string) fault {
	f.header = maps.Clone(f.header)
	f.header[key] = value
	return f
}

func redirect(code int, made bool) fault { return fault{status: code, made: made, redirect: true} }

func copyCases() []copyCase {
	cases := []copyCase{
		{"503 with Retry-After", status(503, true, "").with("Retry-After", "2"), unknown, false, "stock Varnish answers every lost answer so: say Unknown, and pause"},
		{"403 with a page", status(403, true, htmlPage), unknown, false, proxysPage},
		{"422 with a page", status(422, true, htmlPage), unknown, false, proxysPage},
		{"502 with a page", status(502, true, htmlPage), unknown, false, afterTheFact},
		{"a connection that is reset", fault{made: true, err: errReset}, unknown, false, noAnswer},
		{"a connection that ends", fault{made: true, err: io.EOF}, unknown, false, noAnswer},
		{"a time-out", fault{made: true, err: errTimeout}, unknown, false, noAnswer},
		{"a connection that ends where net/http sends again", fault{made: true, err: errBroken, again: true}, unknown, false, noAnswer},
		{"a connection that cannot be dialled", fault{err: errDial, unsent: true}, refused, true, "say NotCopied or Unknown"},
		{"429", status(429, false, jsonText).with("Retry-After", "1"), refused, true, "say NotCopied or Unknown"},
		{"an answer that is cut off", fault{made: true, cut: true}, claimed, false, "a success that cannot be read to its end proves no failure: say Copied or Unknown"},
		{"200 with an empty body", status(200, true, ""), claimed, false, "say Copied or Unknown"},
		{"200 with {}", status(200, true, "{}"), claimed, false, "a success without an ID proves no failure: say Copied or Unknown"},
		{"202 with an empty body", status(202, true, ""), claimed, false, "a promise proves no failure: say Unknown"},
		{"200 with a page", status(200, false, htmlPage), unknown, false, noCopyThere},
		{"200 with an error", status(200, false, jsonText), unknown, false, noCopyThere},
		{"200 with null", status(200, false, "null"), unknown, false, noCopyThere},
	}
	for _, code := range []int{500, 502, 503, 504, 408, 460, 499, 520} {
		cases = append(cases, copyCase{strconv.Itoa(code), status(code, true, jsonText), unknown, false, afterTheFact})
	}
	for _, code := range []int{300, 302, 303} {
		cases = append(cases, copyCase{strconv.Itoa(code), redirect(code, true), unknown, false, "some servers redirect to what they made: say Unknown"})
	}
	for _, code := range []int{301, 307, 308} {
		cases = append(cases, copyCase{strconv.Itoa(code), redirect(code, false), refused, false, "say NotCopied or Unknown"})
	}
	for _, code := range []int{400, 401, 403, 404, 409, 422} {
		cases = append(cases, copyCase{strconv.Itoa(code), status(code, false, jsonText), refused, false, "say NotCopied or Unknown"})
	}
	return cases
}

func testCopy(t *testing.T, w Wire) {
	inBubble(t, "an answer", w, func(t *copierTest) { t.answered(request) })
	inBubble(t, "an answer, with an IdempotencyKey", w, func(t *copierTest) { t.answered(keyedRequest) })
	for _, tt := range copyCases() {
		inBubble(t, tt.name, w, func(t *copierTest) { t.meets(tt, request) })
		if tt.fault.again {
			inBubble(t, tt.name+", with an IdempotencyKey", w, func(t *copierTest) { t.meets(tt, keyedRequest) })
		}
	}
}

// answered tests a copy whose answer comes.
func (t *copierTest) answered(req agentcopy.CopyRequest) {
	got, err := t.copier.Copy(t.Context(), req)
	if err != nil {
		t.Fatalf("Copy failed although the answer was good: %v (is the Wire right?)", err)
	}
	t.oneRequest("a good answer", false)
	made := t.vendor.made()
	if len(made) != 1 {
		t.Fatalf("the vendor made %d copies: does Wire.Copy see the request?", len(made))
	}
	t.same(got, made[0])
	if made[0].SourceID != req.SourceID {
		t.Errorf("Copy asked for a copy of %q, want of %q", made[0].SourceID, req.SourceID)
	}
	if t.named && made[0].Name != req.Name {
		t.Errorf("Copy asked for the name %q, want %q", made[0].Name, req.Name)
	}
}

// same compares a Copy with the agent that it should be.
func (t *copierTest) same(got agentcopy.Copy, want Agent) {
	t.Helper()
	id := t.copier.Identify(request)
	if got.ID != want.ID {
		t.Errorf("the ID of the copy is %q, want %q", got.ID, want.ID)
	}
	if got.Provider != id.Provider {
		t.Errorf("the Provider of the copy is %q, want that of Identify, %q: the ledger compares them", got.Provider, id.Provider)
	}
	if got.SourceID != request.SourceID && got.SourceID != id.SourceID {
		t.Errorf("the SourceID of the copy is %q, want that of the request, %q", got.SourceID, request.SourceID)
	}
	if t.named && got.Name != want.Name {
		t.Errorf("the Name of the copy is %q, want that of the answer, %q: once learns from it whether the vendor keeps names", got.Name, want.Name)
	}
}

// meets tests a copy whose request meets a fault.
func (t *copierTest) meets(tt copyCase, req agentcopy.CopyRequest) {
	t.vendor.fault = func(int) *fault { return &tt.fault }
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	got, err := t.copier.Copy(ctx, req)
	t.oneRequest(tt.name, tt.again)
	if err == nil {
		made := t.vendor.made()
		if tt.cut && len(made) > 0 && got.ID == made[0].ID {
			return // the ID was in the half that came
		}
		t.Errorf("Copy returned no error after %s, and the copy %q", tt.name, got.ID)
		return
	}
	switch got := outcomeOf(err); {
	case got == agentcopy.OutcomeUnknown:
	case got == agentcopy.OutcomeNotCopied && tt.allowed == refused:
	case got == agentcopy.OutcomeCopied && tt.allowed == claimed:
	default:
		t.Errorf("after %s Copy returned an error that is %v: %s (the error: %v)", tt.name, got, tt.advice, err)
	}
}

// oneRequest tests that Copy sent one request.
func (t *copierTest) oneRequest(after string, again bool) {
	t.Helper()
	if t.vendor.followed.Load() > 0 {
		t.Errorf("Copy followed a redirect, which may send the request twice: let CheckRedirect of the http.Client return http.ErrUseLastResponse")
		return
	}
	switch n := t.vendor.sent.Load(); {
	case n == 0:
		t.Errorf("no copy request arrived: does Wire.Copy see it?")
	case n > 1 && !again:
		t.Errorf("Copy sent %d requests (%s), and may have made as many copies: send one a call and let package once decide; "+
			"set GetBody of the http.Request to nil and give it a body, or net/http sends it again by itself", n, after)
	}
}

func testContext(t *testing.T, w Wire) {
	for name, call := range map[string]func(*copierTest, context.Context) error{
		"Copy": func(t *copierTest, ctx context.Context) error {
			_, err := t.copier.Copy(ctx, request)
			return err
		},
		"FindCopies": func(t *copierTest, ctx context.Context) error {
			_, err := t.copier.FindCopies(ctx, request, time.Now())
			return err
		},
	} {
		inBubble(t, name+" ends with its context", w, func(t *copierTest) {
			t.vendor.silent = true
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			start := time.Now()
			err := call(t, ctx)
			if took := time.Since(start); took > 20*time.Second+longest {
				t.Errorf("%s returned %v after its context had ended: give the context to http.NewRequestWithContext, and end waits with it", name, (took - 20*time.Second).Round(time.Second))
			}
			if err == nil {
				t.Errorf("%s returned no error although no answer came", name)
			}
			if name == "Copy" && outcomeOf(err) != agentcopy.OutcomeUnknown {
				t.Errorf("the context ended after the request had left, and Copy says %v: say Unknown", outcomeOf(err))
			}
		})
		inBubble(t, name+" with a context that has ended", w, func(t *copierTest) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := call(t, ctx)
			if err == nil {
				t.Errorf("%s returned no error although its context had ended", name)
			}
			if n := t.vendor.requests.Load(); n > 0 {
				t.Errorf("%s sent %d requests although its context had ended", name, n)
			}
			if name == "Copy" && outcomeOf(err) == agentcopy.OutcomeCopied {
				t.Errorf("nothing was sent, and Copy says %v", outcomeOf(err))
			}
		})
	}
}

// concurrent tests that a Copier may be used from several goroutines.
func (t *copierTest) concurrent() {
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			req := request
			req.Name = fmt.Sprintf("Tenant %d of many", 100+i)
			got, err := t.copier.Copy(t.Context(), req)
			if err != nil {
				t.Errorf("Copy, with others at the same time: %v", err)
				return
			}
			if t.named && got.Name != req.Name {
				t.Errorf("Copy returned the copy of another call: it must keep nothing of a call in the Copier")
			}
			if _, err := t.copier.FindCopies(t.Context(), req, time.Now()); err != nil {
				t.Logf("FindCopies, with others at the same time: %v", err)
			}
			t.copier.Identify(req)
		})
	}
	calls.Wait()
	if n := t.vendor.sent.Load(); n != 20 {
		t.Errorf("20 calls of Copy at the same time sent %d requests", n)
	}
}

// testNetwork tests a Copier over a real connection, with net/http's own transport.
func testNetwork(t *testing.T, w Wire) {
	for name, end := range map[string]func(http.ResponseWriter){
		"a connection that ends without an answer": func(w http.ResponseWriter) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		},
		"an answer that is cut off": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", jsonType)
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(w)
			v.fault = func(int) *fault { return &fault{made: true, err: io.EOF} }
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				resp, fault := v.answer(serverRequest(r, body))
				if fault != nil {
					end(w)
					return
				}
				for key, values := range resp.Header {
					w.Header()[key] = values
				}
				w.WriteHeader(resp.StatusCode)
				_, _ = io.Copy(w, resp.Body)
			}))
			defer server.Close()
			c := newCopierTest(t, v, server.URL, server.Client())
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if _, err := c.copier.FindCopies(ctx, request, time.Now()); err != nil { // now there is a connection to use again
				t.Logf("FindCopies: %v", err)
			}
			_, err := c.copier.Copy(ctx, keyedRequest)
			c.oneRequest(name, false)
			if err == nil || outcomeOf(err) == agentcopy.OutcomeNotCopied {
				t.Errorf("after %s Copy returned %v: %s", name, err, noAnswer)
			}
		})
	}
}
