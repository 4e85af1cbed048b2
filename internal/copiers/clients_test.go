package copiers_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// getAgent is the vendor's GetAgent through a client, and what it sent.
func getAgent(t *testing.T, v vendor, client any, wire *vendortest.Wire) vendortest.Request {
	t.Helper()
	result, err := v.Operation(vendortest.Gets).Do(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, v.CopyID, result.ID)
	requests := wire.Requests()
	return requests[len(requests)-1]
}

// answering returns a wire that answers a GET of an agent well, and the option by
// which a client sends through it.
func answering(v vendor) (*vendortest.Wire, agentcopy.Option) {
	wire := vendortest.Always(http.StatusOK, v.Operation(vendortest.Gets).Answers.Good)
	return wire, agentcopy.WithHTTPClient(wire.Client())
}

// requireCredentials requires that a request has the same credentials as one made
// by hand with key: nothing more, nothing less.
func requireCredentials(t *testing.T, v vendor, key string, sent vendortest.Request) {
	t.Helper()
	want := v.Header(key)
	for name := range want {
		require.Contains(t, sent.Header.Get(name), key, name)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Api-Secret"} {
		require.Equal(t, want.Get(name) != "", sent.Header.Get(name) != "", name)
	}
}

func TestAReadIsAGETWithCredentialsAndNoBody(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		key := vendortest.Key()
		client, err := v.New(key, through)
		require.NoError(t, err)
		sent := getAgent(t, v, client, wire)
		require.Equal(t, http.MethodGet, sent.Method)
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		require.Equal(t, v.BasePath+strings.Replace(v.Shape.Get, "*", v.CopyID, 1), sent.Target)
		require.Equal(t, "application/json", sent.Header.Get("Accept"))
		require.Empty(t, sent.Header.Get("Content-Type"))
		require.Empty(t, sent.Body)
		requireCredentials(t, v, key, sent)
	})
}

func TestACopyIsAPOSTWithCredentials(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		copies := v.Operation(vendortest.Copies)
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			wire, key := vendortest.Always(status, copies.Answers.Good), vendortest.Key()
			caller, err := copies.Connect(key, agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			made, err := caller.Do(t.Context())
			require.NoError(t, err)
			require.Equal(t, v.CopyID, made.ID)
			require.Equal(t, status, made.Response.StatusCode)
			require.Equal(t, "req-0", made.Response.RequestID)
			require.Equal(t, copies.Answers.Good, string(made.Response.Body))
			require.Len(t, made.Response.Attempts, 1)
			require.NoError(t, made.Response.Warning)

			require.Len(t, wire.Requests(), 1)
			sent := wire.Requests()[0]
			require.Equal(t, http.MethodPost, sent.Method)
			require.Equal(t, v.BaseURL, "https://"+sent.Host)
			require.Equal(t, v.BasePath+strings.Replace(v.CopyPath, "*", v.SourceID, 1), sent.Target)
			require.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			require.Equal(t, strings.Replace(v.CopyBody, "*", asked, 1), sent.Body)
			requireCredentials(t, v, key, sent)
		}
	})
}

// TestCopiesThatFail are answers beyond those that package conformance has in its tables.
func TestCopiesThatFail(t *testing.T) {
	copied := func(body string) vendortest.Failure {
		return vendortest.Fails(http.StatusOK, body, agentcopy.OutcomeCopied, agentcopy.ErrCopied, "ID")
	}
	for vendor, failures := range map[string]map[string]vendortest.Failure{
		"zudu": {
			"no data": copied(`{"status":"success","error":null,"data":null}`),
			"refused, whatever the data": vendortest.Fails(http.StatusOK,
				`{"message":"m","status":"ERROR","error":"e","data":{"agent_id":"agent_2"}}`, agentcopy.OutcomeUnknown, nil, "m: e"),
		},
		"cotool": {
			"no agent":     copied(`{"parkedAgentId":"` + vendortest.Named("cotool").SourceID + `"}`),
			"a null agent": copied(`{"agent":null}`),
			"no ID":        copied(`{"agent":{"name":"Triage"}}`),
		},
		"langsmith": {"a list for an ID": copied(`{"id":[1]}`)},
		"kolena": {
			"a null ID":        copied(`{"id":null}`),
			"an ID of words":   copied(`{"id":"A456"}`),
			"an ID of halves":  copied(`{"id":4.5}`),
			"an ID beyond all": copied(`{"id":99999999999999999999}`),
		},
	} {
		t.Run(vendor, func(t *testing.T) { vendortest.TestCopyFails(t, vendor, failures) })
	}
}

// TestNewRefusesBadArguments: which they are, packages check and transport test.
func TestNewRefusesBadArguments(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		for field, tt := range map[string]struct {
			key string
			opt agentcopy.Option
		}{
			"apiKey":         {" \t", agentcopy.WithInsecureHTTP()},
			"WithHTTPClient": {"key", agentcopy.WithHTTPClient(nil)},
			"WithBaseURL":    {"key", agentcopy.WithBaseURL("http://vendor.example")},
		} {
			client, err := v.New(tt.key, tt.opt)
			require.Nil(t, client)
			require.Equal(t, field, vendortest.RequireError(t, err).Fields[0].Field)
		}
	})
}

func TestNewFromEnvReadsKeyAndURL(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		send := func(opts ...agentcopy.Option) vendortest.Request {
			t.Helper()
			client, err := v.FromEnv(append(opts, through)...)
			require.NoError(t, err)
			return getAgent(t, v, client, wire)
		}
		refuse := func(name string) {
			t.Helper()
			_, err := v.FromEnv(through)
			vendortest.RequireInvalid(t, err, name)
		}
		key := vendortest.Key()
		for _, name := range v.KeyVars {
			t.Setenv(name, key+"\n") // as a secret read from a file may be
		}
		t.Setenv(v.URLVar, "")
		sent := send()
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		requireCredentials(t, v, key, sent)

		t.Setenv(v.URLVar, "https://gateway.example/path/")
		sent = send()
		require.Equal(t, "gateway.example", sent.Host)
		require.Equal(t, "/path"+v.BasePath+strings.Replace(v.Shape.Get, "*", v.CopyID, 1), sent.Target)
		require.Equal(t, "other.example", send(agentcopy.WithBaseURL("https://other.example"+v.BasePath)).Host, "an option overrides the environment")

		for _, bad := range []string{"gateway.example", "https://user:word@gateway.example", "ftp://gateway.example", "http://gateway.example"} {
			t.Setenv(v.URLVar, bad)
			refuse(v.URLVar)
		}
		require.Equal(t, "gateway.example", send(agentcopy.WithInsecureHTTP()).Host)

		for _, name := range v.KeyVars {
			for _, bad := range []string{"", " \n", "two\nlines"} {
				t.Setenv(name, bad)
				refuse(name)
			}
			t.Setenv(name, key)
		}
	})
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		wire, through := answering(v)
		key := vendortest.Key()
		original, err := v.New(key, through, agentcopy.WithUserAgent("original/1"))
		require.NoError(t, err)
		changed, err := v.With(original, agentcopy.WithUserAgent("changed/2"), agentcopy.WithHeader("X-Team", "a"), agentcopy.WithBaseURL("https://other.example"))
		require.NoError(t, err)

		sent := getAgent(t, v, changed, wire)
		require.Equal(t, "other.example", sent.Host)
		require.Equal(t, "a", sent.Header.Get("X-Team"))
		require.Contains(t, sent.Header.Get("User-Agent"), "changed/2")
		requireCredentials(t, v, key, sent)

		sent = getAgent(t, v, original, wire)
		require.Equal(t, v.BaseURL, "https://"+sent.Host)
		require.Empty(t, sent.Header.Get("X-Team"))
		require.Contains(t, sent.Header.Get("User-Agent"), "original/1")
		requireCredentials(t, v, key, sent)

		for field, opt := range map[string]agentcopy.Option{
			"opts": nil, "WithLimiter": agentcopy.WithLimiter(nil), "WithAttemptTimeout": agentcopy.WithAttemptTimeout(0),
		} {
			_, err := v.With(original, opt)
			vendortest.RequireInvalid(t, err, field)
		}
	})
}

// TestClientsThatNewDidNotMake: every method of a nil or zero Client returns an
// error that says so.
func TestClientsThatNewDidNotMake(t *testing.T) {
	forEach(t, func(t *testing.T, v vendor) {
		for _, client := range v.NotMade {
			requireNotMade := func(err error, method string) {
				t.Helper()
				e := vendortest.RequireError(t, err)
				require.Equal(t, v.Name, e.Provider, method)
				require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, method)
				require.ErrorIs(t, err, agentcopy.ErrInvalid, method)
				require.ErrorContains(t, err, "was not made by New", method)
			}
			for _, op := range v.Operations {
				_, err := op.Do(t.Context(), client)
				requireNotMade(err, op.Name)
			}
			_, err := v.With(client)
			requireNotMade(err, "With")
			copier := v.Copier(client)
			_ = copier.Identify(v.request())
			_, err = copier.Copy(t.Context(), v.request())
			requireNotMade(err, "Copier.Copy")
			_, err = copier.FindCopies(t.Context(), v.request(), time.Now())
			requireNotMade(err, "Copier.FindCopies")
		}
	})
}

// Zudu and Cotool document no limit: all calls of a credential share a courtesy limit
// of 10 at once, then 10 a second.
func TestAllCallsShareTheCourtesyLimit(t *testing.T) {
	for _, name := range []string{"zudu", "cotool"} {
		v := vendortest.Named(name)
		get, copies := v.Operation(vendortest.Gets), v.Operation(vendortest.Copies)
		wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusOK, copies.Answers.Good
			}
			return http.StatusOK, get.Answers.Good
		})
		synctest.Test(t, func(t *testing.T) {
			client, err := v.New(vendortest.Key(), agentcopy.WithHTTPClient(wire.Client()))
			require.NoError(t, err)
			start := time.Now()
			for range 15 {
				for _, call := range []*vendortest.Operation{get, copies} {
					_, err := call.Do(t.Context(), client)
					require.NoError(t, err)
				}
			}
			require.Equal(t, 2*time.Second, time.Since(start).Round(time.Millisecond), name)
		})
	}
}
