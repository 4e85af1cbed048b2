package agentcopy_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestErrorMatchesSentinels(t *testing.T) {
	sentinels := []error{
		agentcopy.ErrInvalid, agentcopy.ErrUnauthorized, agentcopy.ErrForbidden, agentcopy.ErrNotFound, agentcopy.ErrConflict,
		agentcopy.ErrRateLimited, agentcopy.ErrServer, agentcopy.ErrOutcomeUnknown, agentcopy.ErrCopied, agentcopy.ErrTooLarge,
	}
	cases := []struct {
		err  agentcopy.Error
		want []error
	}{
		{agentcopy.Error{}, []error{agentcopy.ErrOutcomeUnknown}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, Err: agentcopy.ErrInvalid}, []error{agentcopy.ErrInvalid}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 400}, []error{agentcopy.ErrInvalid}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 422}, []error{agentcopy.ErrInvalid}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 401}, []error{agentcopy.ErrUnauthorized}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 403}, []error{agentcopy.ErrForbidden}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 404}, []error{agentcopy.ErrNotFound}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 429}, []error{agentcopy.ErrRateLimited}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 418}, nil},
		{agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 600}, nil},
		{agentcopy.Error{Outcome: agentcopy.OutcomeUnknown, StatusCode: 409}, []error{agentcopy.ErrConflict, agentcopy.ErrOutcomeUnknown}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeUnknown, StatusCode: 500}, []error{agentcopy.ErrServer, agentcopy.ErrOutcomeUnknown}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeUnknown, StatusCode: 599}, []error{agentcopy.ErrServer, agentcopy.ErrOutcomeUnknown}},
		{agentcopy.Error{Outcome: agentcopy.OutcomeCopied, StatusCode: 200, Err: fmt.Errorf("x: %w", agentcopy.ErrTooLarge)}, []error{agentcopy.ErrCopied, agentcopy.ErrTooLarge}},
	}
	for _, tc := range cases {
		var got []error
		for _, s := range sentinels {
			if errors.Is(fmt.Errorf("wrapped: %w", &tc.err), s) {
				got = append(got, s)
			}
		}
		require.Equal(t, tc.want, got, "sentinels that %v matches", &tc.err)
	}
}

func TestErrorLine(t *testing.T) {
	cases := []struct {
		err  agentcopy.Error
		want string
	}{
		{agentcopy.Error{}, "agentcopy (outcome unknown, nothing sent)"},
		{
			agentcopy.Error{Provider: "kolena", Operation: "CopyAgent", Outcome: agentcopy.OutcomeNotCopied, StatusCode: 429, Message: "slow down", RetryAfter: 30 * time.Second, RequestID: "r1", Attempts: make([]agentcopy.Attempt, 4)},
			"kolena: CopyAgent: 429 Too Many Requests: slow down (not copied, 4 attempts, retry after 30s, request ID r1)",
		},
		{
			agentcopy.Error{Provider: "langsmith", Operation: "CloneAgent", Outcome: agentcopy.OutcomeNotCopied, StatusCode: 404, Code: "agent_not_found", Message: "Not Found", Attempts: make([]agentcopy.Attempt, 1)},
			"langsmith: CloneAgent: 404 Not Found [agent_not_found] (not copied, 1 attempt)",
		},
		{
			agentcopy.Error{Provider: "zudu", Operation: "DuplicateAgent", Outcome: agentcopy.OutcomeNotCopied, Message: "AgentName: is empty", Fields: []agentcopy.FieldError{{Field: "AgentName", Reason: "is empty"}}, Err: agentcopy.ErrInvalid},
			"zudu: DuplicateAgent: AgentName: is empty: invalid request (not copied, nothing sent)",
		},
		{
			agentcopy.Error{Provider: "zudu", Operation: "DuplicateAgent", Message: "EOF", Err: io.EOF, Attempts: make([]agentcopy.Attempt, 1)},
			"zudu: DuplicateAgent: EOF (outcome unknown, 1 attempt)",
		},
		{
			agentcopy.Error{Provider: "cotool", Operation: "CopyAgent", StatusCode: 799, Message: "two\nlines \x1b[31m", Fields: []agentcopy.FieldError{{Field: "a", Reason: "b"}}},
			"cotool: CopyAgent: 799: two lines  [31m: a: b (outcome unknown, nothing sent)",
		},
		{
			agentcopy.Error{Provider: "kolena", Operation: "GetAgent", Outcome: agentcopy.OutcomeNotCopied, StatusCode: 404, Message: "Not Found", Attempts: make([]agentcopy.Attempt, 1)},
			"kolena: GetAgent: 404 Not Found (1 attempt)",
		},
		{
			agentcopy.Error{Provider: "kolena", Operation: "ListAgents", Outcome: agentcopy.OutcomeNotCopied, Err: io.EOF},
			"kolena: ListAgents: EOF (nothing sent)",
		},
		{
			agentcopy.Error{Provider: "kolena", Operation: "New", Outcome: agentcopy.OutcomeNotCopied, Message: "apiKey: is empty", Err: agentcopy.ErrInvalid},
			"kolena: New: apiKey: is empty: invalid request",
		},
		{
			agentcopy.Error{Provider: "kolena", Operation: "CopyAgent", StatusCode: 502, Message: "502 Bad Gateway", Attempts: make([]agentcopy.Attempt, 1)},
			"kolena: CopyAgent: 502 Bad Gateway (outcome unknown, 1 attempt)",
		},
	}
	for _, tc := range cases {
		require.Equal(t, tc.want, tc.err.Error())
	}
	long := agentcopy.Error{Message: strings.Repeat("é", 100_000)}
	require.Less(t, len(long.Error()), 1200)
}

// A nil *Error that somebody wrapped is no error of any kind, and does not panic.
func TestErrorThatIsNil(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", (*agentcopy.Error)(nil))
	require.EqualError(t, err, "wrapped: <nil>")
	require.NotErrorIs(t, err, agentcopy.ErrCopied)
	require.NotErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	_, ok := agentcopy.OutcomeOf(err)
	require.False(t, ok)
}
