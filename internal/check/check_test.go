package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

func TestCredential(t *testing.T) {
	for secret, want := range map[string]string{
		"": "empty", " \t": "empty", "key\n": "white space", " key": "white space", "ke\r\ny": "character",
		"Bearer key": "Bearer", "bearer key": "Bearer", "Basic a2V5": "Basic", "Token key": "Token", "Bearer: key": "Bearer", "Bearer": "Bearer",
		`"key"`: "quotes", "'key'": "quotes", "`key`": "quotes", "\u201ckey\u201d": "quotes", `"key`: "quotes", `key"`: "quotes",
		"<api-key>": "placeholder", "$API_KEY": "variable", "${API_KEY}": "variable", "schlüssel": "character", "a\x00b": "character",

		"key": "", "sk_Abc": "", "bearerkey": "", "Basics": "", "it's": "", "a b": "", "a$b": "", "lsv2_pt_1": "", "<a": "",
	} {
		got := check.Credential(secret)
		if want == "" {
			require.Empty(t, got, secret)
		} else {
			require.Contains(t, got, want, secret)
		}
		require.NotContains(t, got, "key")
	}
}

func TestWireHeader(t *testing.T) {
	for _, name := range []string{
		"host", "HOST", "Host", "hOST", "content-length", "Content-Length", "content_length", "TRANSFER-ENCODING", "transfer_encoding",
		"connection", "Connection", "keep-alive", "te", "trailer", "upgrade", "expect", "proxy-connection", "x-http-method-override",
		"x-original-url", "x-forwarded-host", "", "a b", "Host ", ":path", "X-A\r\nHost",
	} {
		require.NotEmpty(t, check.WireHeader(name), name)
	}
	for _, name := range []string{"Authorization", "Accept-Encoding", "Content-Type", "User-Agent", "traceparent", "X-Forwarded-For", "Cookie"} {
		require.Empty(t, check.WireHeader(name), name)
	}
	require.ErrorContains(t, check.Header("X-Original-URL", "/x"), "X-Original-URL")
}

func TestBaseURLIsNamedButForItsSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"api.example":                  `"api.example"`,
		"ftp://api.example/x":          `"ftp://api.example/x"`,
		"https://me:hunter2@a.example": `"https://a.example"`,
		"https://a.example?k=hunter2":  `"https://a.example"`,
		"https://a.example#hunter2":    `"https://a.example"`,
		"https:///x":                   `"https:///x"`,
		"https://a.example:0":          `"https://a.example:0" has a port`,
		"https://a.example:65536/x":    "has a port that does not exist",
		"hunter2@a.example":            "the base URL must begin",
		"me:hunter2@a.example":         "the base URL",
		"":                             "the base URL",
		"https://:443":                 "the base URL",
		"https://a.example/?":          "the base URL",
		"https://a.example#":           "the base URL",
		"https://hunter2\x7f":          "the base URL",
	} {
		_, err := check.BaseURL(raw)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
