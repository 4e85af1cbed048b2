package transport

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// cacheHeaders are those in which caches say what they did.
var cacheHeaders = []string{"X-Cache", "Cache-Status", "Cf-Cache-Status", "X-Cache-Status", "X-Proxy-Cache"}

// cacheHit matches "HIT", "Hit from cloudfront", "TCP_MEM_HIT", "cdn; hit; ttl=5".
var cacheHit = regexp.MustCompile(`(?i)(?:^|[^a-z])hit(?:$|[^a-z])`)

// cacheStale matches what nginx and Cloudflare say of an answer that they know to be old.
var cacheStale = regexp.MustCompile(`(?i)^(?:stale|updating)$`)

// CacheSign says which header of an answer shows that it came from a cache; "" if none
// does. Such an answer tells nothing of the vendor as it is now.
func CacheSign(h http.Header) string {
	if text := strings.TrimSpace(h.Get("Age")); text != "" {
		if age, err := strconv.Atoi(text); err == nil && age > 0 {
			return "a cache answered: Age is " + strconv.Itoa(age)
		}
	}
	for _, name := range cacheHeaders {
		for _, value := range h[name] {
			if cacheHit.MatchString(value) {
				return "a cache answered: " + name + " says hit"
			}
			if name != "Cache-Status" && cacheStale.MatchString(value) { // whose fwd=stale says that the vendor was asked
				return "a cache answered: " + name + " says stale"
			}
		}
	}
	return ""
}
