package conformance

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// contextRows are calls whose context ends while they are at a stage: by a
// cancellation, and by a deadline. None is retried after that.
var contextRows = func() []row {
	stages := []struct {
		name    string
		fault   fault
		outcome agentcopy.Outcome
		is      error
		on      carriers
	}{
		{"the dial", fault{at: atDial, breaks: stalled}, NotCopied, nil, anyWay},
		{"the handshake", fault{at: atHandshake, breaks: stalled}, NotCopied, nil, anyWay | withTLS},
		{"the request's headers", fault{at: atRequestHeader, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the request's body", fault{at: atRequestBody, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for an answer", fault{at: atReceipt, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for an answer that makes nothing", fault{at: atReceipt, breaks: stalled}, Unknown, nil, anyWay},
		{"the answer's headers", fault{at: atHeader, breaks: stalled, made: true}, Unknown, nil, anyWay},
		{"the wait for the answer's body", fault{at: atBodyStart, breaks: stalled, made: true}, Copied, nil, anyWay},
		{"the answer's body", fault{at: atBody, breaks: stalled, made: true}, Copied, nil, anyWay},
		{"a slow body", fault{made: true, answer: answer{pace: 20 * time.Millisecond}}, Copied, nil, anyWay},
		{"the wait after a 429", fault{answer: answer{status: 429, header: []string{"Retry-After", "3"}}}, NotCopied, agentcopy.ErrRateLimited, anyWay},
		{"the wait after a 503", fault{answer: answer{status: 503, header: []string{"Retry-After", "3"}}}, NotCopied, agentcopy.ErrServer, anyWay},
	}
	var rows []row
	for _, s := range stages {
		for _, deadline := range []bool{false, true} {
			r := row{
				name:  map[bool]string{false: "cancelled in ", true: "deadline in "}[deadline] + s.name,
				fault: s.fault, want: wants{safe: {1, s.outcome}, always: {1, s.outcome}, read: {1, Fails}}, is: s.is, on: s.on,
				ends: callEnd{after: stallTimeout, deadline: deadline},
			}
			if s.is != nil {
				r.retryAfter = 3 * time.Second
			}
			if s.is == agentcopy.ErrServer {
				delete(r.want, safe) // a copy is not sent again after it: there is no wait
			}
			rows = append(rows, r)
		}
	}
	return rows
}()
