package redislimiter

import (
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua
var lua embed.FS

var (
	acquireScript = script("acquire")
	holdScript    = script("hold")
	leaveScript   = script("leave")
	pauseScript   = script("pause")
)

// script reads a script: what all begin with, and its own part.
func script(name string) *redis.Script {
	var source strings.Builder
	for _, file := range []string{"limiter", name} {
		text, err := lua.ReadFile("lua/" + file + ".lua")
		if err != nil {
			panic(err) // the file is missing from the program
		}
		source.Write(text)
	}
	return redis.NewScript(source.String())
}

// tag is the part of a key that says on which node of a Cluster it lives. Keys
// with the same one live together, whatever name holds.
func tag(name string) string {
	return "agentcopy:{" + tagEscapes.Replace(name) + "}:"
}

// A brace would end the tag where it stands.
var tagEscapes = strings.NewReplacer("%", "%25", "}", "%7D")
