package once_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

// outsiderWire speaks the protocol of the outsider's vendor.
func outsiderWire(wrap func(*outsider) agentcopy.Copier) oncetest.Wire {
	show := func(a oncetest.Agent) outsiderAgent {
		return outsiderAgent{ID: a.ID, Name: a.Name, Created: agentcopy.Time{Time: a.CreatedAt}}
	}
	return oncetest.Wire{
		New: func(_ *testing.T, baseURL string, c *http.Client) agentcopy.Copier {
			return wrap(newOutsider(baseURL, "not-a-real-key", c.Transport))
		},
		Copy: func(r *http.Request) (sourceID, name string, ok bool) {
			path, isCopy := strings.CutSuffix(r.URL.Path, "/copy")
			if r.Method != http.MethodPost || !isCopy {
				return "", "", false
			}
			var order struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&order)
			return strings.TrimPrefix(path, "/agents/"), order.Name, true
		},
		Made: func(w http.ResponseWriter, a oncetest.Agent) { _ = json.NewEncoder(w).Encode(show(a)) },
		Read: func(w http.ResponseWriter, _ *http.Request, agents []oncetest.Agent) {
			shown := make([]outsiderAgent, len(agents))
			for i, a := range agents {
				shown[i] = show(a)
			}
			_ = json.NewEncoder(w).Encode(shown)
		},
	}
}

func TestThirdPartyCopierKeepsTheContract(t *testing.T) {
	oncetest.TestCopier(t, outsiderWire(func(o *outsider) agentcopy.Copier { return o }))
}

// wrongCopier is an outsider that does one thing as the obvious code does it.
type wrongCopier struct {
	*outsider
	find    find
	outcome func(*agentcopy.Error) agentcopy.Outcome
}

// find is a FindCopies of the outsider's.
type find func(*outsider, context.Context, agentcopy.CopyRequest, time.Time) ([]agentcopy.Candidate, error)

func (w *wrongCopier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	return w.find(w.outsider, ctx, req, since)
}

func (w *wrongCopier) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	made, err := w.outsider.Copy(ctx, req)
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		e.Outcome = w.outcome(e)
	}
	return made, err
}

// finding finds copies as f does.
func finding(f find) func(*outsider) agentcopy.Copier {
	return func(o *outsider) agentcopy.Copier {
		return &wrongCopier{o, f, func(e *agentcopy.Error) agentcopy.Outcome { return e.Outcome }}
	}
}

// matching makes candidates of a list by match, which is what the obvious code does.
func matching(match func(agentcopy.Copy, agentcopy.CopyRequest, time.Time) (agentcopy.Candidate, bool)) func(*outsider) agentcopy.Copier {
	return finding(func(o *outsider, ctx context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
		answer, failure := o.do(ctx, "FindCopies", http.MethodGet, "/agents", nil)
		if failure != nil {
			return nil, failure
		}
		agents, err := answer.agents()
		for _, a := range agents {
			if c, ok := match(o.copyOf(a, req), req, since); ok && a.ID != req.SourceID {
				found = append(found, c)
			}
		}
		return found, err
	})
}

// editing changes what the outsider finds.
func editing(edit func(agentcopy.CopyRequest, []agentcopy.Candidate, error) ([]agentcopy.Candidate, error)) func(*outsider) agentcopy.Copier {
	return finding(func(o *outsider, ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
		found, err := o.FindCopies(ctx, req, since)
		return edit(req, found, err)
	})
}

// claiming gives errors another outcome.
func claiming(outcome func(*agentcopy.Error) agentcopy.Outcome) func(*outsider) agentcopy.Copier {
	return func(o *outsider) agentcopy.Copier { return &wrongCopier{o, (*outsider).FindCopies, outcome} }
}

// sending changes what the outsider gives to net/http.
func sending(change func(next http.RoundTripper, r *http.Request) (*http.Response, error)) func(*outsider) agentcopy.Copier {
	return func(o *outsider) agentcopy.Copier {
		next := o.http.Transport
		o.http.Transport = vendortest.RoundTripper(func(r *http.Request) (*http.Response, error) { return change(next, r) })
		return o
	}
}

// wrongCopiers are Copiers by the obvious code, with words that TestCopier must say.
var wrongCopiers = map[string]struct {
	wrap func(*outsider) agentcopy.Copier
	says []string
}{
	"stamps are compared without a margin": {
		matching(func(c agentcopy.Copy, req agentcopy.CopyRequest, since time.Time) (agentcopy.Candidate, bool) {
			candidate := agentcopy.Candidate{Copy: c, Match: agentcopy.MatchCertain, Made: c.CreatedAt}
			return candidate, c.Name == req.Name && !c.CreatedAt.Before(since)
		}),
		[]string{
			"FindCopies missed a copy whose stamp has whole seconds: compare with a margin; agentcopy.MatchAgent does it",
			"once.Runner made 2 copies of one key", "the Date header", "a cache answered the list", "return newcomers of any name as possible",
		},
	},
	"Date is not read": {
		matching(func(c agentcopy.Copy, req agentcopy.CopyRequest, since time.Time) (agentcopy.Candidate, bool) {
			return agentcopy.MatchAgent(agentcopy.Sighting{Copy: c}, req.Name, since)
		}),
		[]string{"is certain: it is older than the request", "the Date header of the answer shows"},
	},
	"GetBody is left on": {
		sending(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				text, _ := io.ReadAll(r.Body)
				r = r.Clone(r.Context())
				r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
				r.Body, _ = r.GetBody()
			}
			return next.RoundTrip(r)
		}),
		[]string{"Copy sent 3 requests", "set GetBody of the http.Request to nil", "once.Runner made 2 copies"},
	},
	"redirects are followed": {
		func(o *outsider) agentcopy.Copier { o.http.CheckRedirect = nil; return o },
		[]string{"Copy followed a redirect", "http.ErrUseLastResponse"},
	},
	"every error is NotCopied": {
		claiming(func(*agentcopy.Error) agentcopy.Outcome { return agentcopy.OutcomeNotCopied }),
		[]string{"may say so after the copy was made: say Unknown", "the request may have arrived", "does not say that a copy may have been made"},
	},
	"503 with Retry-After is NotCopied": {
		func(o *outsider) agentcopy.Copier {
			asks := false
			sending(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				asks = err == nil && resp.Header.Get("Retry-After") != ""
				return resp, err
			})(o)
			return claiming(func(e *agentcopy.Error) agentcopy.Outcome {
				if e.StatusCode == http.StatusServiceUnavailable && asks {
					return agentcopy.OutcomeNotCopied
				}
				return e.Outcome
			})(o)
		},
		[]string{"stock Varnish answers every lost answer so: say Unknown"},
	},
	"every failure is Copied": {
		claiming(func(*agentcopy.Error) agentcopy.Outcome { return agentcopy.OutcomeCopied }),
		[]string{"say NotCopied or Unknown"},
	},
	"Copy sends again by itself": {
		sending(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			text, _ := io.ReadAll(r.Body)
			for tries := 0; ; tries++ {
				r = r.Clone(r.Context())
				r.Body = io.NopCloser(bytes.NewReader(text))
				resp, err := next.RoundTrip(r)
				if tries == 3 || err == nil && resp.StatusCode < 500 {
					return resp, err
				}
			}
		}),
		[]string{"Copy sent 4 requests", "let package once decide"},
	},
	"a list that failed is empty": {
		editing(func(_ agentcopy.CopyRequest, found []agentcopy.Candidate, err error) ([]agentcopy.Candidate, error) {
			if errors.Is(err, agentcopy.ErrLookIncomplete) {
				return found, err
			}
			return found, nil
		}),
		[]string{"a list that cannot be read is an error", "once.Runner made 2 copies of one key"},
	},
	"newcomers are left out": {
		editing(func(req agentcopy.CopyRequest, found []agentcopy.Candidate, err error) ([]agentcopy.Candidate, error) {
			return slices.DeleteFunc(found, func(c agentcopy.Candidate) bool { return c.Copy.Name != req.Name }), err
		}),
		[]string{"return newcomers of any name as possible", "the vendor may have made it of the name asked for", "once.Runner made 2 copies of one key"},
	},
	"a cached list is a look": {
		editing(func(_ agentcopy.CopyRequest, found []agentcopy.Candidate, err error) ([]agentcopy.Candidate, error) {
			if errors.Is(err, agentcopy.ErrLookIncomplete) {
				err = nil
			}
			return found, err
		}),
		[]string{"a cache answered the list (Age: 7)", "once.Runner made 2 copies of one key"},
	},
	"the source is a candidate": {
		finding(func(o *outsider, ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
			req.SourceID = ""
			return o.FindCopies(ctx, req, since)
		}),
		[]string{"FindCopies returned the source"},
	},
	"the trace is not told": {
		func(o *outsider) agentcopy.Copier { return &untraced{o} },
		[]string{"Identity.Traced is set, but"},
	},
	"the context is dropped": {
		func(o *outsider) agentcopy.Copier { return &endless{o} },
		[]string{"after its context had ended: give the context to http.NewRequestWithContext"},
	},
}

// untraced calls no Trace.
type untraced struct{ *outsider }

func (u *untraced) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	return u.outsider.Copy(withoutValues{ctx}, req)
}

type withoutValues struct{ context.Context }

func (withoutValues) Value(any) any { return nil }

// endless goes on when its context ends.
type endless struct{ *outsider }

func (e *endless) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	return e.outsider.Copy(context.WithoutCancel(ctx), req)
}

const wrongCopierName = "ONCE_TEST_WRONG_COPIER"

// TestWrongCopiersFail runs each in a process of its own, since its tests fail.
func TestWrongCopiersFail(t *testing.T) {
	for name, tt := range wrongCopiers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWrongCopier$", "-test.v")
			cmd.Env = append(os.Environ(), wrongCopierName+"="+name)
			output, err := cmd.CombinedOutput()
			require.Error(t, err, "TestCopier passes it")
			require.NotContains(t, string(output), "panic:")
			for _, words := range tt.says {
				require.Contains(t, string(output), words)
			}
		})
	}
}

func TestWrongCopier(t *testing.T) {
	name, set := os.LookupEnv(wrongCopierName)
	if !set {
		t.Skip("it is run by TestWrongCopiersFail")
	}
	oncetest.TestCopier(t, outsiderWire(wrongCopiers[name].wrap))
}
