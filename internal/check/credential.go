package check

import "strings"

// Credential says what is wrong with a credential and what to do, without quoting
// it; "" if nothing is.
func Credential(secret string) string {
	trimmed := strings.TrimSpace(secret)
	switch {
	case trimmed == "":
		return "is empty"
	case trimmed != secret:
		return "begins or ends with white space: was it read from a file with a line break?"
	case inQuotes(secret):
		return "is in quotes: give it without them; were they copied from a shell script or an .env file?"
	case strings.HasPrefix(secret, "<") && strings.HasSuffix(secret, ">"):
		return "is in angle brackets: is it the placeholder of an example?"
	case strings.HasPrefix(secret, "$"):
		return "begins with $: was the name of a variable not expanded?"
	}
	for _, scheme := range []string{"Bearer", "Basic", "Token"} {
		if len(secret) > len(scheme) && strings.EqualFold(secret[:len(scheme)], scheme) && (secret[len(scheme)] == ' ' || secret[len(scheme)] == ':') {
			return "begins with " + scheme + ": give only the credential, the client adds the scheme"
		}
	}
	if strings.EqualFold(secret, "Bearer") {
		return "is only the word Bearer"
	}
	if strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "holds a character that cannot stand in a header"
	}
	return ""
}

// inQuotes reports whether text begins and ends with quotes, straight or curly.
func inQuotes(text string) bool {
	for _, pair := range [][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"}} {
		if strings.HasPrefix(text, pair[0]) && strings.HasSuffix(text, pair[1]) {
			return true
		}
	}
	return strings.HasPrefix(text, `"`) || strings.HasSuffix(text, `"`)
}
