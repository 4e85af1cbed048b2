package vendor

import (
	"fmt"
	"strconv"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/kolena"
)

const (
	targetWorkspace = "target_workspace_id"
	targetFolder    = "target_folder_id"
)

var kolenaVendor = &Vendor{
	Name:      "kolena",
	Variables: []string{"KOLENA_API_KEY"},
	Extras:    []string{targetWorkspace, targetFolder},
	Limit:     Limit{N: 60, Per: 61 * time.Second},
	goodID:    "1",
	fromEnv: func(opts ...agentcopy.Option) (copiers, error) {
		return kolenaCopiers(kolena.NewFromEnv(opts...))
	},
	keyless: func(opts ...agentcopy.Option) (copiers, error) {
		return kolenaCopiers(kolena.New(anyKey, opts...))
	},
}

func kolenaCopiers(client *kolena.Client, err error) (copiers, error) {
	if err != nil {
		return nil, err
	}
	return func(extras map[string]string) (agentcopy.Copier, []Fault) {
		var faults []Fault
		number := func(column string) int64 {
			text := extras[column]
			if text == "" {
				return 0
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				faults = append(faults, Fault{column, fmt.Sprintf("%q is not a number", text)})
				return 0
			}
			return n
		}
		template := kolena.CopyAgentRequest{TargetWorkspaceID: number(targetWorkspace), TargetFolderID: number(targetFolder)}
		return client.Copier(template), faults
	}, nil
}
