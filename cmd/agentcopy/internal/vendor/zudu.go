package vendor

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/zudu"
)

var zuduVendor = &Vendor{
	Name:      "zudu",
	Variables: []string{"ZUDU_API_KEY", "ZUDU_API_SECRET"},
	Limit:     Limit{N: 10, Per: time.Second, Refills: true},
	goodID:    "agent_1",
	fromEnv: func(opts ...agentcopy.Option) (copiers, error) {
		return zuduCopiers(zudu.NewFromEnv(opts...))
	},
	keyless: func(opts ...agentcopy.Option) (copiers, error) {
		return zuduCopiers(zudu.New(anyKey, anyKey, opts...))
	},
}

func zuduCopiers(client *zudu.Client, err error) (copiers, error) {
	if err != nil {
		return nil, err
	}
	return func(map[string]string) (agentcopy.Copier, []Fault) { return client.Copier(), nil }, nil
}
