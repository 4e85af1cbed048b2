package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// longestKey bounds a derived key. The SDK takes longer ones; people do not.
const longestKey = 200

// deriveKey is the key of a row that names none: the same for the same provider,
// source and name, in this run and in every later one, and for no other.
func deriveKey(provider, sourceID, name string) string {
	parts := []string{provider, url.PathEscape(sourceID)}
	if name != "" {
		parts = append(parts, name)
	}
	key := strings.Join(parts, "/")
	if len(key) <= longestKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return strings.ToValidUTF8(key[:longestKey-34], "") + "~" + hex.EncodeToString(sum[:16])
}
