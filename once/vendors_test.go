package once_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
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
		{"none", agentcopytest.Quirks{}},
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
				result := "found"
				if err == nil {
					require.Equal(t, copies[0].ID, made.ID)
				} else {
					require.True(t, errors.Is(err, once.ErrAmbiguous) || errors.Is(err, agentcopy.ErrOutcomeUnknown), "%v", err)
					result = "unknown"
					if errors.Is(err, once.ErrAmbiguous) {
						result = "ambiguous"
					}
				}
				t.Logf("%-50s %-10s requests %d, copies %d, %s", tt.what, v.Name, len(server.Requests()), len(copies), result)
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
			server := agentcopytest.NewKolena()
			defer server.Close()
			client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
			require.NoError(t, err)
			source := strconv.FormatInt(server.AddAgent(kolena.Agent{Name: "source", Objective: "reads leases"}).ID, 10)
			faults := make([]agentcopytest.Fault, keys)
			for i := 50; i < keys; i += 100 {
				faults[i] = agentcopytest.Fault{Drop: true, AfterCopy: true}
			}
			server.Inject(faults...)
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				for i := 0; ctx.Err() == nil; i++ {
					server.AddAgent(kolena.Agent{Name: fmt.Sprintf("of a colleague, %d", i)})
					time.Sleep(time.Minute)
				}
			}()
			jobs := func(yield func(once.Job) bool) {
				for i := range keys {
					name := fmt.Sprintf("Tenant %d", i)
					if !yield(once.Job{Key: name, Copier: client.Copier(kolena.CopyAgentRequest{}), Request: agentcopy.CopyRequest{SourceID: source, Name: name}}) {
						return
					}
				}
			}
			start := time.Now()
			runner := &once.Runner{Ledger: once.NewMemoryLedger(), Concurrency: concurrency}
			for result := range runner.All(t.Context(), jobs) {
				require.NoError(t, result.Err)
			}
			stop()
			time.Sleep(time.Minute)
			require.Len(t, server.Copies(), keys)
			t.Logf("%d keys, %d copies, 0 ambiguous, in %v", keys, len(server.Copies()), time.Since(start).Round(time.Second))
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
				req := agentcopy.CopyRequest{SourceID: source, Name: "copy"}
				made, err := runner.Copy(t.Context(), "k", copier, req)
				require.NoError(t, err)
				time.Sleep(time.Hour)
				again, err := runner.Copy(t.Context(), "k", copier, req)
				require.NoError(t, err)
				require.Len(t, server.Copies(), 1)
				require.Equal(t, server.Copies()[0].ID, made.ID)
				require.Equal(t, v.Name, made.Provider)
				require.Equal(t, source, made.SourceID)
				require.Equal(t, server.Copies()[0].Name, made.Name)
				require.False(t, made.CreatedAt.IsZero())
				made.Body, made.Attempts = nil, nil
				require.True(t, made.CreatedAt.Equal(again.CreatedAt))
				made.CreatedAt = again.CreatedAt
				require.Equal(t, made, again)
			})
		}
	}
}

// A vendor that keeps a plain name may still replace what is not ASCII in another one.
// The first key shows that it keeps names, and then the answer of the second is lost.
func TestOnceWhereOnlyPlainNamesAreKept(t *testing.T) {
	const name = "B\u00fcro M\u00fcnchen"
	for how, replaced := range map[string]string{
		"question marks":  "B?ro M?nchen",
		"no marks":        "Buro Munchen",
		"transliterated":  "Buero Muenchen",
		"left out":        "Bro Mnchen",
		"read as Latin-1": "B\u00c3\u00bcro M\u00c3\u00bcnchen",
	} {
		for _, v := range vendortest.Vendors {
			if v.Name == "cotool" { // no name can be chosen
				continue
			}
			inBubble(t, how+", "+v.Name, func(t *testing.T) {
				quirks := agentcopytest.Quirks{Rename: func(n string) string { return strings.ReplaceAll(n, name, replaced) }, ShowAfter: time.Second}
				server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(quirks))
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				_, err := runner.Copy(t.Context(), "plain", copier, agentcopy.CopyRequest{SourceID: source, Name: "Leases"})
				require.NoError(t, err)
				server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
				_, err = runner.Copy(t.Context(), "k", copier, agentcopy.CopyRequest{SourceID: source, Name: name})
				require.ErrorIs(t, err, once.ErrAmbiguous)
				require.Len(t, server.Copies(), 2)
			})
		}
	}
}

// The first answer is lost, the copy shows later than SettleTime, and the second request
// is refused because of its name. This does not prove that there is no copy: the key stays,
// and the copy is found once it shows.
func TestOnceARefusalInDoubtProvesNothing(t *testing.T) {
	for _, v := range vendortest.Vendors {
		if v.Name == "cotool" { // its copy parks the source, which shows at once
			continue
		}
		inBubble(t, v.Name, func(t *testing.T) {
			server, copier, source := v.FakeCopier(t, agentcopytest.WithQuirks(agentcopytest.Quirks{ShowAfter: 2 * time.Minute, NameTaken: 409}))
			server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
			runner := &once.Runner{Ledger: once.NewMemoryLedger()}
			req := agentcopy.CopyRequest{SourceID: source, Name: "Leases"}
			_, err := runner.Copy(t.Context(), "k", copier, req)
			require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
			require.ErrorIs(t, err, agentcopy.ErrConflict, "what the vendor said")

			time.Sleep(2 * time.Minute)
			made, err := runner.Copy(t.Context(), "k", copier, req)
			require.NoError(t, err)
			require.Len(t, server.Copies(), 1)
			require.Equal(t, server.Copies()[0].ID, made.ID)
		})
	}
}

func TestKolenasCopierKeepsTheContract(t *testing.T) {
	const agents = "/api/v1/client/agents"
	show := func(a oncetest.Agent) map[string]any {
		id, _ := strconv.ParseInt(a.ID, 10, 64)
		shown := map[string]any{"id": id, "name": a.Name, "objective": "", "created_by": "a@example.com", "n_runs": 0}
		if !a.CreatedAt.IsZero() {
			shown["created"] = a.CreatedAt
		}
		return shown
	}
	oncetest.TestCopier(t, oncetest.Wire{
		New: func(t *testing.T, baseURL string, c *http.Client) agentcopy.Copier {
			client, err := kolena.New("not-a-real-key", agentcopy.WithBaseURL(baseURL), agentcopy.WithHTTPClient(c))
			require.NoError(t, err)
			return client.Copier(kolena.CopyAgentRequest{})
		},
		Copy: func(r *http.Request) (sourceID, name string, ok bool) {
			path, isCopy := strings.CutSuffix(r.URL.Path, "/copy")
			var order struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&order)
			return strings.TrimPrefix(path, agents+"/"), order.Name, isCopy
		},
		Made: func(w http.ResponseWriter, a oncetest.Agent) { _ = json.NewEncoder(w).Encode(show(a)) },
		Read: func(w http.ResponseWriter, r *http.Request, all []oncetest.Agent) {
			if id, one := strings.CutPrefix(r.URL.Path, agents+"/"); one {
				for _, a := range all {
					if a.ID == id {
						_ = json.NewEncoder(w).Encode(show(a))
						return
					}
				}
				w.WriteHeader(http.StatusNotFound)
				return
			}
			shown := make([]map[string]any, len(all))
			for i, a := range all {
				shown[i] = show(a)
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"agents": shown, "total_pages": 1, "page_size": len(shown)})
		},
	})
}
