package once_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// An agentcopy.Copier for a vendor that this SDK does not know, written with
// net/http and nothing but the public API, as a program outside of this
// module has to. oncetest.TestCopier passes it. It makes one attempt a call: package
// once decides by the outcome what is sent again.
type outsider struct {
	http    *http.Client
	base    string
	key     string
	limiter *agentcopy.WindowLimiter
}

// outsiderTimeout is how long an attempt may take.
const outsiderTimeout = time.Minute

// newOutsider never follows a redirect: one of a POST would send it again.
func newOutsider(base, key string, transport http.RoundTripper) *outsider {
	return &outsider{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base:    base,
		key:     key,
		limiter: agentcopy.NewWindowLimiter(30, 61*time.Second),
	}
}

// outsiderAgent is an agent as the vendor shows it.
type outsiderAgent struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Created agentcopy.Time `json:"created,omitzero"`
}

// outsiderAnswer is what the vendor said.
type outsiderAnswer struct {
	status   int
	header   http.Header
	body     []byte
	broken   error // the body is not whole
	received time.Time
}

func (o *outsider) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	body, err := json.Marshal(map[string]string{"name": req.Name})
	if err != nil {
		return agentcopy.Copy{}, o.failed("Copy", agentcopy.OutcomeNotCopied, 0, err)
	}
	answer, failure := o.do(ctx, "Copy", http.MethodPost, "/agents/"+url.PathEscape(req.SourceID)+"/copy", body)
	if failure != nil {
		return agentcopy.Copy{}, failure
	}
	var made outsiderAgent
	if answer.isSuccess() && json.Unmarshal(answer.body, &made) == nil && made.ID != "" {
		return o.copyOf(made, req), nil
	}
	err = errors.New("the answer lacks the agent's ID")
	if !answer.isSuccess() {
		err = nil // the status tells
	}
	return agentcopy.Copy{}, o.failed("Copy", answer.outcome(), answer.status, errors.Join(err, answer.broken))
}

func (a *outsiderAnswer) isSuccess() bool { return a.status >= 200 && a.status <= 299 }

// outcome is what an answer proves that does not name the copy. What proves
// nothing is Unknown.
func (a *outsiderAnswer) outcome() agentcopy.Outcome {
	text := bytes.TrimSpace(a.body)
	switch {
	case a.status == 200 || a.status == 201:
		var document struct{ Error json.RawMessage }
		empty := len(text) == 0
		cut := a.broken != nil && text[0] == '{'
		if empty || cut || text[0] == '{' && json.Unmarshal(text, &document) == nil && document.Error == nil {
			return agentcopy.OutcomeCopied
		}
	case a.status == 301, a.status == 307, a.status == 308:
		return agentcopy.OutcomeNotCopied // the request was not worked on here
	case a.status == 408, a.status == 460, a.status == 499:
		// A gateway says so of an answer that it did not wait for.
	case a.status >= 400 && a.status <= 499:
		// The vendor refuses in JSON. A page comes from a proxy, which may have refused
		// the answer.
		if len(text) == 0 || json.Valid(text) {
			return agentcopy.OutcomeNotCopied
		}
	}
	return agentcopy.OutcomeUnknown // every 5xx with them, with a Retry-After or without
}

func (o *outsider) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	answer, failure := o.do(ctx, "FindCopies", http.MethodGet, "/agents", nil)
	if failure != nil {
		failure.Outcome = agentcopy.OutcomeNotCopied // looking copies nothing
		return nil, failure
	}
	agents, err := answer.agents()
	if err != nil {
		return nil, o.failed("FindCopies", agentcopy.OutcomeNotCopied, answer.status, err)
	}
	var found []agentcopy.Candidate
	var notes []error
	if answer.isCached() {
		notes = append(notes, fmt.Errorf("outsider: a cache answered: %w", agentcopy.ErrLookIncomplete))
	}
	taken := false
	for _, a := range agents {
		if a.ID == req.SourceID {
			continue
		}
		sighting := agentcopy.Sighting{
			Copy: o.copyOf(a, req), Zoneless: !a.Created.HasZone(), NameUnknown: a.Name == "",
			SeenAt: answer.received, Ahead: answer.ahead(),
		}
		c, ok := agentcopy.MatchAgent(sighting, req.Name, since)
		if ok {
			found = append(found, c)
		}
		taken = taken || !ok && a.Name == req.Name
	}
	if taken {
		notes = append(notes, fmt.Errorf("outsider: %w", agentcopy.ErrNameTaken))
	}
	slices.SortFunc(found, func(a, b agentcopy.Candidate) int { return b.Made.Compare(a.Made) })
	return found, errors.Join(notes...)
}

// agents reads a list. Whatever is no list is an error: taken for an empty one, it
// would let the request be sent again.
func (a *outsiderAnswer) agents() ([]outsiderAgent, error) {
	var agents []outsiderAgent
	switch {
	case a.status != http.StatusOK:
		return nil, fmt.Errorf("want a list, got status %d", a.status)
	case a.broken != nil:
		return nil, a.broken
	}
	if err := json.Unmarshal(a.body, &agents); err != nil {
		return nil, err
	}
	if agents == nil {
		return nil, errors.New("the answer is null and no list")
	}
	return agents, nil
}

// isCached reports whether a cache answered.
func (a *outsiderAnswer) isCached() bool {
	age, _ := strconv.Atoi(a.header.Get("Age"))
	return age > 0 || strings.Contains(strings.ToLower(a.header.Get("X-Cache")), "hit")
}

// ahead is by how much the vendor's clock is ahead of ours.
func (a *outsiderAnswer) ahead() time.Duration {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Sub(a.received)
}

// Identify tells the Runner which server the agents are on, that a name is what a
// copy is known by, and that do reports to the Trace.
func (o *outsider) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "outsider", Origin: o.base, SearchKey: req.Name, Traced: true}
}

// do makes one request. Its error says what became of a copy.
func (o *outsider) do(ctx context.Context, operation, method, path string, body []byte) (*outsiderAnswer, *agentcopy.Error) {
	release, err := o.limiter.Acquire(ctx)
	if err != nil {
		return nil, o.failed(operation, agentcopy.OutcomeNotCopied, 0, err)
	}
	defer release()
	attempt := agentcopy.AttemptInfo{
		Call:   agentcopy.CallInfo{Provider: "outsider", Operation: operation, Copies: method == http.MethodPost},
		Number: 1, Timeout: outsiderTimeout,
	}
	if start := agentcopy.ContextTrace(ctx).AttemptStart; start != nil { // after the wait, right before the request
		if ctx, err = start(ctx, attempt); err != nil {
			return nil, o.failed(operation, agentcopy.OutcomeNotCopied, 0, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, outsiderTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, bytes.NewReader(body))
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, o.failed(operation, agentcopy.OutcomeNotCopied, 0, err)
	}
	req.GetBody = nil // with it, net/http sends a request again on HTTP/2 by itself
	req.Header.Set("Authorization", "Bearer "+o.key)
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := o.http.Do(req)
	if err != nil {
		// The request may have left. Proof that it did not takes net/http/httptrace.
		return nil, o.failed(operation, agentcopy.OutcomeUnknown, 0, err)
	}
	defer resp.Body.Close()
	answer := &outsiderAnswer{status: resp.StatusCode, header: resp.Header, received: time.Now()}
	answer.body, answer.broken = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return answer, nil
}

func (o *outsider) failed(operation string, outcome agentcopy.Outcome, status int, err error) *agentcopy.Error {
	e := &agentcopy.Error{Provider: "outsider", Operation: operation, Outcome: outcome, StatusCode: status, Err: err}
	if status != 0 || outcome != agentcopy.OutcomeNotCopied {
		e.Attempts = []agentcopy.Attempt{{Sent: true, StatusCode: status}}
	}
	return e
}

func (o *outsider) copyOf(a outsiderAgent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: "outsider", SourceID: req.SourceID, ID: a.ID, Name: a.Name, CreatedAt: a.Created.Time}
}

// outside is the outsider's vendor, within the test.
type outside struct {
	mu     sync.Mutex
	agents []outsiderAgent
	sent   []time.Time // when copies were asked for
	// meet is called for the n-th copy. It may refuse it by a status, before it is
	// made, or lose its answer.
	meet func(n int) (refuse int, lose bool)
}

func (o *outside) RoundTrip(req *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	answer := httptest.NewRecorder()
	if req.Method == http.MethodGet {
		_ = json.NewEncoder(answer).Encode(append([]outsiderAgent{}, o.agents...))
		return answer.Result(), nil
	}
	o.sent = append(o.sent, time.Now())
	refuse, lose := 0, false
	if o.meet != nil {
		refuse, lose = o.meet(len(o.sent))
	}
	if refuse != 0 {
		answer.WriteHeader(refuse)
		return answer.Result(), nil
	}
	var order struct{ Name string }
	if err := json.NewDecoder(req.Body).Decode(&order); err != nil {
		return nil, err
	}
	made := outsiderAgent{ID: fmt.Sprint("a", len(o.agents)+1), Name: order.Name, Created: agentcopy.Time{Time: time.Now()}}
	o.agents = append(o.agents, made)
	if lose {
		return nil, io.ErrUnexpectedEOF
	}
	_ = json.NewEncoder(answer).Encode(made)
	return answer.Result(), nil
}

func TestThirdPartyCopierAndOnce(t *testing.T) {
	cases := []struct {
		name   string
		meet   func(n int) (refuse int, lose bool)
		want   error // of the call; nil for none
		copies int
		sent   int
	}{
		{"a good answer", nil, nil, 1, 1},
		{"a lost answer is looked for", func(int) (int, bool) { return 0, true }, nil, 1, 1},
		{"a 500 that made nothing is sent again once nothing shows", func(n int) (int, bool) {
			if n == 1 {
				return http.StatusInternalServerError, false
			}
			return 0, false
		}, nil, 1, 2},
		{"a refusal is returned", func(int) (int, bool) { return http.StatusForbidden, false }, agentcopy.ErrForbidden, 0, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &outside{meet: tc.meet}
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				made, err := runner.Copy(t.Context(), "tenant 1", newOutsider("https://outside.example", "key", vendor),
					agentcopy.CopyRequest{SourceID: "a0", Name: "Tenant 1"})
				require.ErrorIs(t, err, tc.want)
				require.Len(t, vendor.agents, tc.copies)
				require.Len(t, vendor.sent, tc.sent)
				if tc.want == nil {
					require.Equal(t, "a1", made.ID)
				}
			})
		})
	}
}

// A batch keeps to the limit that the Copier has set itself.
func TestThirdPartyCopierAndAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &outside{}
		copier := newOutsider("https://outside.example", "key", vendor)
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		jobs := func(yield func(once.Job) bool) {
			for i := range 70 {
				name := fmt.Sprintf("Tenant %d", i)
				if !yield(once.Job{Key: name, Copier: copier, Request: agentcopy.CopyRequest{SourceID: "a0", Name: name}}) {
					return
				}
			}
		}
		for result := range runner.All(t.Context(), jobs) {
			require.NoError(t, result.Err)
		}
		require.Len(t, vendor.agents, 70)
		for i := range len(vendor.sent) - 30 {
			require.GreaterOrEqual(t, vendor.sent[i+30].Sub(vendor.sent[i]), 61*time.Second)
		}
	})
}
