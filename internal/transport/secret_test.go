package transport_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestSecretIsNotCutInTwo: where a text is too long to be printed whole, no part
// of a secret stays at the end of what is left.
func TestSecretIsNotCutInTwo(t *testing.T) {
	key := newKey()
	for before := range 520 {
		filler := strings.Repeat("x", before)
		for name, s := range map[string]step{
			"message":    answer(400, `{"message":"`+filler+key+`"}`),
			"code":       answer(400, `{"code":"`+filler+key+`"}`),
			"field":      answer(422, `{"detail":[{"loc":["body","`+filler+key+`"],"msg":"no"}]}`),
			"page":       answer(200, `<title>`+filler+key+`</title>`),
			"request ID": answer(400, "", "X-Request-Id", filler+key),
		} {
			_, _, err := doCopy(t, newClientWithKey(t, key, play(s)))
			e := asError(t, err)
			printed := fmt.Sprint(e.Message, e.Code, e.RequestID, e.Fields, e.Err)
			require.NotContains(t, printed, key[:4], "the first half of a secret behind %d bytes of a %s", before, name)
		}
	}
}

func TestMaskedErrorsStillMatch(t *testing.T) {
	key := newKey()
	quoting := fmt.Errorf("header %q: %w", key, io.ErrClosedPipe)
	_, _, err := doCopy(t, newClientWithKey(t, key, play(fail(quoting))))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.NotContains(t, fmt.Sprint(err), key)
	require.Contains(t, err.Error(), "[redacted]")
}

func TestShortCredentialsDoNotGarbleMessages(t *testing.T) {
	_, _, err := doCopy(t, newClientWithKey(t, "key", play(answer(401, `{"detail":"the key is wrong"}`))))
	require.Equal(t, "the key is wrong", asError(t, err).Message)
}

func TestHeadersOfARequest(t *testing.T) {
	key, s := newKey(), play(answer(200, made))
	c := newClientWithKey(t, key, s, agentcopy.WithUserAgent("migrator/1.4"), agentcopy.WithHeader("X-Team", "blue"), agentcopy.WithHeader("x-team", "green"))
	_, _, err := doCopy(t, c)
	require.NoError(t, err)
	h := s.requests()[0].Header
	require.Equal(t, "Bearer "+key, h.Get("Authorization"))
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.Equal(t, "application/json", h.Get("Accept"))
	require.Regexp(t, `^migrator/1\.4 agentcopy-go/\d+\.\d+\.\d+ \(go1\..*\)$`, h.Get("User-Agent"))
	require.Equal(t, []string{"green"}, h.Values("X-Team"))
	require.Equal(t, "https://api.acme.example/root/things/1/copy", s.requests()[0].URL)

	_, _, err = doGet(t, c)
	require.NoError(t, err)
	require.Empty(t, s.requests()[1].Header.Get("Content-Type"), "a read without a body has no content type")
}
