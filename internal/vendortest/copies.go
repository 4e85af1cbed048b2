package vendortest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// LoseCopy asks for a copy, the first that server makes, loses the answer, and requires
// that the copier then finds the copy for certain. is are the errors that the search
// must match, none for success.
func LoseCopy(t testing.TB, server *agentcopytest.Server, copier agentcopy.Copier, req agentcopy.CopyRequest, is ...error) agentcopy.Copy {
	t.Helper()
	since := time.Now()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	_, err := copier.Copy(t.Context(), req)
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	found, err := copier.FindCopies(t.Context(), req, since)
	require.Equal(t, len(is) == 0, err == nil, "%v", err)
	for _, target := range is {
		require.ErrorIs(t, err, target)
	}
	require.NotErrorIs(t, err, agentcopy.ErrLookIncomplete)
	require.Equal(t, "[certain]", Matches(found))
	require.Equal(t, server.Copies()[0].ID, found[0].Copy.ID)
	return found[0].Copy
}

// Matches is how certain candidates are, as text: "[certain possible]".
func Matches(found []agentcopy.Candidate) string {
	matches := []agentcopy.Match{}
	for _, c := range found {
		matches = append(matches, c.Match)
	}
	return fmt.Sprint(matches)
}
