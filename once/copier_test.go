package once_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
)

const kolenaAgents = "/api/v1/client/agents"

// kolenaWire speaks Kolena's protocol, for a Copier that newCopier makes of the client.
func kolenaWire(newCopier func(client *kolena.Client, baseURL string, c *http.Client) agentcopy.Copier) oncetest.Wire {
	show := func(a oncetest.Agent) kolena.Agent {
		id, _ := strconv.ParseInt(a.ID, 10, 64)
		return kolena.Agent{ID: id, Name: a.Name, CreatedBy: "a@example.com", Created: agentcopy.Time{Time: a.CreatedAt}}
	}
	return oncetest.Wire{
		New: func(t *testing.T, baseURL string, c *http.Client) agentcopy.Copier {
			client, err := kolena.New("not-a-real-key", agentcopy.WithBaseURL(baseURL), agentcopy.WithHTTPClient(c))
			require.NoError(t, err)
			return newCopier(client, baseURL, c)
		},
		Copy: func(r *http.Request) (sourceID, name string, ok bool) {
			path, isCopy := strings.CutSuffix(r.URL.Path, "/copy")
			var order struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&order)
			return strings.TrimPrefix(path, kolenaAgents+"/"), order.Name, isCopy
		},
		Made: func(w http.ResponseWriter, a oncetest.Agent) { _ = json.NewEncoder(w).Encode(show(a)) },
		Read: func(w http.ResponseWriter, r *http.Request, all []oncetest.Agent) {
			shown := make([]kolena.Agent, len(all))
			for i, a := range all {
				if shown[i] = show(a); r.URL.Path == kolenaAgents+"/"+a.ID {
					_ = json.NewEncoder(w).Encode(shown[i])
					return
				}
			}
			if r.URL.Path != kolenaAgents {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"agents": shown, "total_pages": 1, "page_size": len(shown)})
		},
	}
}

func TestCopiersThatKeepTheContract(t *testing.T) {
	t.Run("the client's", func(t *testing.T) {
		oncetest.TestCopier(t, kolenaWire(func(client *kolena.Client, _ string, _ *http.Client) agentcopy.Copier {
			return client.Copier(kolena.CopyAgentRequest{})
		}))
	})
	t.Run("plain", func(t *testing.T) { oncetest.TestCopier(t, plainWire(plain{})) })
}

// plain copies by net/http, with no help from the client. Some of its fields make it do
// one thing as the obvious code does it.
type plain struct {
	agentcopy.Copier // of the client
	client           *kolena.Client
	baseURL          string
	http             *http.Client

	traced  bool // although no Trace is told
	follows bool // redirects
	endless bool // it drops the context
	send    func(next http.RoundTripper, r *http.Request, body []byte) (*http.Response, error)
	outcome func(*agentcopy.Error) agentcopy.Outcome
	// edit changes what was found. match finds by itself.
	edit  func(agentcopy.CopyRequest, candidates, error) (candidates, error)
	match func(c agentcopy.Copy, name string, since time.Time) (agentcopy.Candidate, bool)
}

type candidates = []agentcopy.Candidate

func plainWire(p plain) oncetest.Wire {
	return kolenaWire(func(client *kolena.Client, baseURL string, c *http.Client) agentcopy.Copier {
		p := p
		p.Copier, p.client, p.baseURL, p.http = client.Copier(kolena.CopyAgentRequest{}), client, baseURL, &http.Client{Transport: c.Transport}
		if !p.follows {
			p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		}
		if p.send != nil {
			p.http.Transport = vendortest.RoundTripper(func(r *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(r.Body)
				return p.send(c.Transport, r.Clone(r.Context()), body)
			})
		}
		return &p
	})
}

func (p *plain) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := p.Copier.Identify(req)
	id.Traced = p.traced
	return id
}

func (p *plain) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	failed := func(err error, resp *http.Response) (agentcopy.Copy, error) {
		e := &agentcopy.Error{Provider: "kolena", Err: err}
		if resp != nil {
			e.StatusCode, e.Header = resp.StatusCode, resp.Header
		}
		if p.outcome != nil {
			e.Outcome = p.outcome(e)
		}
		return agentcopy.Copy{}, e
	}
	if p.endless {
		ctx = context.WithoutCancel(ctx)
	}
	order := strings.NewReader(fmt.Sprintf(`{"name": %q}`, req.Name))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.baseURL+kolenaAgents+"/"+req.SourceID+"/copy", order)
	if err != nil || ctx.Err() != nil {
		return failed(errors.Join(err, ctx.Err()), nil)
	}
	r.GetBody = nil
	resp, err := p.http.Do(r)
	if err != nil {
		return failed(err, nil)
	}
	defer resp.Body.Close()
	var made kolena.Agent
	if err := json.NewDecoder(resp.Body).Decode(&made); resp.StatusCode != http.StatusOK || made.ID == 0 {
		return failed(err, resp)
	}
	return copyOfAgent(&made, req), nil
}

func copyOfAgent(a *kolena.Agent, req agentcopy.CopyRequest) agentcopy.Copy {
	id := strconv.FormatInt(a.ID, 10)
	return agentcopy.Copy{Provider: "kolena", SourceID: req.SourceID, ID: id, Name: a.Name, CreatedAt: a.Created.Time}
}

func (p *plain) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	if p.match == nil {
		found, err = p.Copier.FindCopies(ctx, req, since)
		if p.edit != nil {
			return p.edit(req, found, err)
		}
		return found, err
	}
	for a, err := range p.client.ListAgents(ctx, kolena.ListAgentsRequest{}) {
		if err != nil {
			return nil, err
		}
		if c, ok := p.match(copyOfAgent(a, req), req.Name, since); ok && c.Copy.ID != req.SourceID {
			found = append(found, c)
		}
	}
	return found, nil
}

func reader(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }

// wrongCopier is a Copier by the obvious code, with words that TestCopier must say.
type wrongCopier struct {
	plain
	says []string
}

func wrong(p plain, says ...string) wrongCopier { return wrongCopier{p, says} }

var wrongCopiers = map[string]wrongCopier{
	"stamps have no margin": wrong(plain{match: func(c agentcopy.Copy, name string, since time.Time) (agentcopy.Candidate, bool) {
		candidate := agentcopy.Candidate{Copy: c, Match: agentcopy.MatchCertain, Made: c.CreatedAt}
		return candidate, c.Name == name && !c.CreatedAt.Before(since)
	}}, "FindCopies missed a copy whose stamp has whole seconds: compare with a margin; agentcopy.MatchAgent does it",
		"once.Runner made 2 copies of one key", "the Date header", "a cache answered the list",
		"return newcomers of any name as possible"),
	"Date is not read": wrong(plain{match: func(c agentcopy.Copy, name string, since time.Time) (agentcopy.Candidate, bool) {
		return agentcopy.MatchAgent(agentcopy.Sighting{Copy: c}, name, since)
	}}, "is certain: it is older than the request", "the Date header of the answer shows"),
	"GetBody is left on": wrong(plain{send: func(next http.RoundTripper, r *http.Request, body []byte) (*http.Response, error) {
		r.Body, r.GetBody = reader(body), func() (io.ReadCloser, error) { return reader(body), nil }
		return next.RoundTrip(r)
	}}, "Copy sent 3 requests", "set GetBody of the http.Request to nil", "once.Runner made 2 copies"),
	"redirects are followed": wrong(plain{follows: true}, "Copy followed a redirect", "http.ErrUseLastResponse"),
	"every error is NotCopied": wrong(plain{outcome: func(*agentcopy.Error) agentcopy.Outcome { return agentcopy.OutcomeNotCopied }},
		"may say so after the copy was made: say Unknown", "the request may have arrived",
		"does not say that a copy may have been made"),
	"503 with Retry-After is NotCopied": wrong(plain{outcome: func(e *agentcopy.Error) agentcopy.Outcome {
		if e.StatusCode == http.StatusServiceUnavailable && e.Header.Get("Retry-After") != "" {
			return agentcopy.OutcomeNotCopied
		}
		return agentcopy.OutcomeUnknown
	}}, "stock Varnish answers every lost answer so: say Unknown"),
	"every failure is Copied": wrong(plain{outcome: func(*agentcopy.Error) agentcopy.Outcome { return agentcopy.OutcomeCopied }},
		"say NotCopied or Unknown"),
	"Copy sends again by itself": wrong(plain{send: func(next http.RoundTripper, r *http.Request, body []byte) (*http.Response, error) {
		for tries := 0; ; tries++ {
			r.Body = reader(body)
			resp, err := next.RoundTrip(r)
			if tries == 3 || err == nil && resp.StatusCode < 500 {
				return resp, err
			}
		}
	}}, "Copy sent 4 requests", "let package once decide"),
	"a list that failed is empty": wrong(plain{edit: func(_ agentcopy.CopyRequest, found candidates, err error) (candidates, error) {
		if errors.Is(err, agentcopy.ErrLookIncomplete) {
			return found, err
		}
		return found, nil
	}}, "a list that cannot be read is an error", "once.Runner made 2 copies of one key"),
	"newcomers are left out": wrong(plain{edit: func(req agentcopy.CopyRequest, found candidates, err error) (candidates, error) {
		return slices.DeleteFunc(found, func(c agentcopy.Candidate) bool { return c.Copy.Name != req.Name }), err
	}}, "return newcomers of any name as possible", "the vendor may have made it of the name asked for",
		"once.Runner made 2 copies of one key"),
	"a cached list is a look": wrong(plain{edit: func(_ agentcopy.CopyRequest, found candidates, err error) (candidates, error) {
		if errors.Is(err, agentcopy.ErrLookIncomplete) {
			err = nil
		}
		return found, err
	}}, "a cache answered the list (Age: 7)", "once.Runner made 2 copies of one key"),
	"the source is a candidate": wrong(plain{edit: func(req agentcopy.CopyRequest, found candidates, err error) (candidates, error) {
		source := agentcopy.Copy{Provider: "kolena", ID: req.SourceID, Name: req.Name}
		return append(found, agentcopy.Candidate{Copy: source, Match: agentcopy.MatchCertain}), err
	}}, "FindCopies returned the source"),
	"the trace is not told": wrong(plain{traced: true}, "Identity.Traced is set, but"),
	"the context is dropped": wrong(plain{endless: true},
		"after its context had ended: give the context to http.NewRequestWithContext"),
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
	oncetest.TestCopier(t, plainWire(wrongCopiers[name].plain))
}

// What the vendors' pages leave open, one knob at a time, while the answer to the
// first request is lost after the copy was made. Whatever a vendor does, it makes
// one copy; where the copy cannot be told, the error says so.
func TestOnceWithEachQuirk(t *testing.T) {
	rename := func(f func(string) string) agentcopytest.Quirks { return agentcopytest.Quirks{Rename: f} }
	stamps := func(form agentcopytest.StampForm) agentcopytest.Quirks {
		return agentcopytest.Quirks{Stamps: agentcopytest.Stamps{Form: form}}
	}
	clock := func(d time.Duration) agentcopytest.Quirks {
		return agentcopytest.Quirks{Stamps: agentcopytest.Stamps{ClockOffset: d}}
	}
	second := func(s agentcopytest.SecondCopy) agentcopytest.Quirks { return agentcopytest.Quirks{SecondCopy: s} }
	const name = `Lease  "R&D" Caf` + "\u00e9 " // what servers like to change
	for _, tt := range []struct {
		what   string
		quirks agentcopytest.Quirks
	}{
		{"names are trimmed", rename(strings.TrimSpace)},
		{"names are lower-cased", rename(strings.ToLower)},
		{"white space is folded", rename(func(n string) string { return strings.Join(strings.Fields(n), " ") })},
		{"names are escaped", rename(html.EscapeString)},
		{"names are cut", rename(func(n string) string { return n[:6] })},
		{"names get a suffix", rename(func(n string) string { return n + " (copy)" })},
		{"names get a prefix", rename(func(n string) string { return "Copy of " + n })},
		{"names are normalised", rename(func(n string) string { return strings.ReplaceAll(n, "\u00e9", "e\u0301") })},
		{"names are made up", rename(func(string) string { return "Untitled 7" })},
		{"copies show after 20 s", agentcopytest.Quirks{ShowAfter: 20 * time.Second}},
		{"lists are 2 minutes old, with Age", agentcopytest.Quirks{StaleLists: 2 * time.Minute}},
		{"lists are 2 minutes old, a hit without Age", agentcopytest.Quirks{StaleLists: 2 * time.Minute, StaleHeader: http.Header{"Age": nil, "X-Cache": {"HIT"}}}},
		{"lists are 2 minutes old, which Date alone shows", agentcopytest.Quirks{StaleLists: 2 * time.Minute, StaleHeader: http.Header{"Age": nil}}},
		{"a cached list from before the copy showed", agentcopytest.Quirks{StaleLists: 2 * time.Minute, ShowAfter: time.Second}},
		{"that, and Date alone shows it", agentcopytest.Quirks{StaleLists: 2 * time.Minute, ShowAfter: time.Second, StaleHeader: http.Header{"Age": nil}}},
		{"half of the lists hide copies", agentcopytest.Quirks{FlapLists: 0.5}},
		{"stamps in whole seconds", stamps(agentcopytest.StampSeconds)},
		{"stamps without a zone", stamps(agentcopytest.StampZoneless)},
		{"stamps in epoch seconds", stamps(agentcopytest.StampUnix)},
		{"stamps in epoch milliseconds", stamps(agentcopytest.StampUnixMilli)},
		{"no stamps", stamps(agentcopytest.StampAbsent)},
		{"stamps that are text", stamps("a while ago")},
		{"stamps from another zone", agentcopytest.Quirks{Stamps: agentcopytest.Stamps{Form: agentcopytest.StampZoneless, Zone: time.FixedZone("", -7*3600)}}},
		{"a clock 3 s behind", clock(-3 * time.Second)},
		{"a clock 4 minutes behind", clock(-4 * time.Minute)},
		{"a clock an hour ahead", clock(time.Hour)},
		{"Date 3 s ahead of the stamps", agentcopytest.Quirks{DateOffset: 3 * time.Second}},
		{"Date 4 minutes ahead of the stamps", agentcopytest.Quirks{DateOffset: 4 * time.Minute}},
		{"no Date", agentcopytest.Quirks{NoDate: true}},
		{"lists in no order", agentcopytest.Quirks{ListOrder: agentcopytest.OrderShuffled, PageSize: 1}},
		{"lists from the oldest", agentcopytest.Quirks{ListOrder: agentcopytest.OrderOldest, PageSize: 1}},
		{"lists for one audience", agentcopytest.Quirks{Audiences: true}},
		{"totals of zero", agentcopytest.Quirks{Totals: agentcopytest.TotalsZero}},
		{"an ID as a text", agentcopytest.Quirks{IDs: agentcopytest.IDString}},
		{"an ID as 456.0", agentcopytest.Quirks{IDs: agentcopytest.IDFloat}},
		{"a name that is taken is 400", agentcopytest.Quirks{NameTaken: 400}},
		{"a name that is taken makes another", agentcopytest.Quirks{NameTaken: 200}},
		{"a second copy is 404", second(agentcopytest.SecondCopy{Status: 404})},
		{"a second copy is made", second(agentcopytest.SecondCopy{Status: 200})},
		{"the copy keeps its syncKey", second(agentcopytest.SecondCopy{KeepsSync: true, Status: 200})},
		{"deletedAt in epoch milliseconds", second(agentcopytest.SecondCopy{DeletedAt: agentcopytest.StampUnixMilli, Status: 200})},
		{"deletedAt is true", second(agentcopytest.SecondCopy{DeletedAt: agentcopytest.StampTrue, Status: 200})},
		{"parked agents are listed", second(agentcopytest.SecondCopy{ParkedListed: true, Status: 200})},
		{"parked agents are hidden", second(agentcopytest.SecondCopy{ParkedHidden: true, Status: 200})},
	} {
		for _, v := range vendortest.Vendors {
			inBubble(t, tt.what+", "+v.Name, func(t *testing.T) {
				server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(tt.quirks))
				server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				made, err := runner.Copy(ctx, "k", copier, agentcopy.CopyRequest{SourceID: source, Name: name})

				copies := server.Copies()
				require.Len(t, copies, 1, "copies on the server; the call returned %v", err)
				if err == nil {
					require.Equal(t, copies[0].ID, made.ID)
				} else {
					require.True(t, errors.Is(err, once.ErrAmbiguous) || errors.Is(err, agentcopy.ErrOutcomeUnknown), "%v", err)
				}
			})
		}
	}
}

// A day's batch: many keys, one answer in a hundred is lost, and colleagues make an
// agent of another name every minute. Ordinary life ends without an ambiguous key.
func TestOnceADaysBatch(t *testing.T) {
	keys := 5000
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		keys = 500 // the race detector takes minutes for more
	}
	for _, concurrency := range []int{8, 64} {
		inBubble(t, fmt.Sprintf("%d at a time", concurrency), func(t *testing.T) {
			server, copier, source := vendortest.Named("kolena").FakeCopier(t)
			faults := make([]agentcopytest.Fault, keys)
			for i := 50; i < keys; i += 100 {
				faults[i] = agentcopytest.Fault{Drop: true, AfterCopy: true}
			}
			server.Inject(faults...)
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				for i := 0; ctx.Err() == nil; i++ {
					server.Add("", fmt.Sprintf("of a colleague, %d", i))
					time.Sleep(time.Minute)
				}
			}()
			jobs := func(yield func(once.Job) bool) {
				for i := range keys {
					name := fmt.Sprintf("Tenant %d", i)
					if !yield(once.Job{Key: name, Copier: copier, Request: agentcopy.CopyRequest{SourceID: source, Name: name}}) {
						return
					}
				}
			}
			runner := &once.Runner{Ledger: once.NewMemoryLedger(), Concurrency: concurrency}
			for result := range runner.All(t.Context(), jobs) {
				require.NoError(t, result.Err)
			}
			stop()
			time.Sleep(time.Minute)
			require.Len(t, server.Copies(), keys)
		})
	}
}

// Whatever becomes of the answer, each vendor makes one copy, and the Runner knows it.
func TestOnceSettlesWithEachVendor(t *testing.T) {
	faults := map[string][]agentcopytest.Fault{
		"answered":                     nil,
		"no answer, no copy":           {{Drop: true}},
		"no answer, but a copy":        {{Drop: true, AfterCopy: true}},
		"bad gateway, no copy":         {{Status: 502}},
		"bad gateway, but a copy":      {{Status: 502, AfterCopy: true}},
		"cut off":                      {{Truncate: 20}},
		"a proxy's page":               {{Body: "<html><title>Welcome</title></html>", AfterCopy: true}},
		"made after we stop waiting":   {{Delay: 80 * time.Second}},
		"lost twice, then answered":    {{Drop: true}, {Status: 504}},
		"lost, sent again, lost again": {{Drop: true}, {Drop: true, AfterCopy: true}},
	}
	for _, v := range vendortest.Vendors {
		for faultName, fault := range faults {
			inBubble(t, v.Name+", "+faultName, func(t *testing.T) {
				server, copier, source := v.FakeCopier(t)
				server.Inject(fault...)
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				made, err := runner.Copy(t.Context(), "k", copier, agentcopy.CopyRequest{SourceID: source, Name: "copy"})
				require.NoError(t, err)
				time.Sleep(time.Hour)
				require.Len(t, server.Copies(), 1)
				require.Equal(t, server.Copies()[0].ID, made.ID)
				require.Equal(t, v.Name, made.Provider)
				require.Equal(t, source, made.SourceID)
				require.Equal(t, server.Copies()[0].Name, made.Name)
				require.False(t, made.CreatedAt.IsZero())
			})
		}
	}
}

// A vendor that keeps a plain name may still change what is not ASCII in another one. The
// first key shows that it keeps names, and then the answer of the second is lost.
func TestOnceWhereOnlyPlainNamesAreKept(t *testing.T) {
	for _, v := range vendortest.Vendors {
		if v.Name == "cotool" { // no name can be chosen
			continue
		}
		inBubble(t, v.Name, func(t *testing.T) {
			quirks := agentcopytest.Quirks{Rename: strings.NewReplacer("\u00fc", "").Replace, ShowAfter: time.Second}
			server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(quirks))
			runner := &once.Runner{Ledger: once.NewMemoryLedger()}
			require.NoError(t, copyOf(t.Context(), runner, "plain", copier, agentcopy.CopyRequest{SourceID: source, Name: "Leases"}))
			server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
			err := copyOf(t.Context(), runner, "k", copier, agentcopy.CopyRequest{SourceID: source, Name: "B\u00fcro M\u00fcnchen"})
			require.ErrorIs(t, err, once.ErrAmbiguous)
			require.Len(t, server.Copies(), 2)
		})
	}
}
