package vendor

import (
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
)

var cotoolVendor = &Vendor{
	Name:      "cotool",
	Variables: []string{"COTOOL_API_KEY"},
	Nameless:  true,
	Limit:     Limit{N: 10, Per: time.Second, Refills: true},
	goodID:    "00000000-0000-4000-8000-000000000000",
	fromEnv: func(opts ...agentcopy.Option) (copiers, error) {
		return cotoolCopiers(cotool.NewFromEnv(opts...))
	},
	keyless: func(opts ...agentcopy.Option) (copiers, error) {
		return cotoolCopiers(cotool.New(anyKey, opts...))
	},
}

func cotoolCopiers(client *cotool.Client, err error) (copiers, error) {
	if err != nil {
		return nil, err
	}
	return func(map[string]string) (agentcopy.Copier, []Fault) { return client.Copier(), nil }, nil
}
