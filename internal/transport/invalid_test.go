package transport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestIDs(t *testing.T) {
	const uuid = "3c90c3cc-0d44-4b50-8888-8dd25736052d"
	for id, form := range map[string]string{
		"": "none", " ": "none", "\t\n": "none", ".": "none", "..": "none",
		"agent_1": "ID", "...": "ID", uuid + "/..": "ID", uuid + "\n": "ID", "{" + uuid + "}": "ID",
		"3c90c3cc0d444b5088888dd25736052d": "ID", "3c90c3cc-0d44-4b50-8888-8dd25736052g": "ID",
		uuid: "UUID", "3C90C3CC-0D44-4B50-8888-8DD25736052D": "UUID",
	} {
		if err := transport.CheckID(vendor, getThing, "agentID", id); form == "none" {
			vendortest.RequireInvalid(t, err, "agentID")
		} else {
			require.NoError(t, err, "%q", id)
		}
		if err := transport.CheckUUID(vendor, getThing, "agentID", id); form != "UUID" {
			vendortest.RequireInvalid(t, err, "agentID")
		} else {
			require.NoError(t, err, "%q", id)
		}
	}
}
