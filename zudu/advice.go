package zudu

import (
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// The documented beginnings of the credentials.
const (
	keyPrefix    = "sk_"
	secretPrefix = "s3cr3t_"
)

// advice says what a refusal of swapped credentials means. They are sent even so:
// the prefixes are documented, but not promised.
func advice(e *agentcopy.Error, secrets []transport.Secret) string {
	if e.StatusCode != http.StatusUnauthorized && e.StatusCode != http.StatusForbidden {
		return ""
	}
	if strings.HasPrefix(secrets[0].Value, secretPrefix) || strings.HasPrefix(secrets[1].Value, keyPrefix) {
		return "the credentials look swapped: the API key begins with " + keyPrefix + " and comes first, the secret begins with " + secretPrefix
	}
	return ""
}
