module github.com/agentcopy/agentcopy-go/internal/conformance

go 1.26.0

require (
	github.com/agentcopy/agentcopy-go v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/net v0.62.0
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/agentcopy/agentcopy-go => ../..
