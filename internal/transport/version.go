package transport

import "runtime"

// Version is the version of this SDK, as its User-Agent header says it.
const Version = "0.1.0"

var userAgent = "agentcopy-go/" + Version + " (" + runtime.Version() + ")"
