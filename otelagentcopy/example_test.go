package otelagentcopy_test

import (
	"log"

	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/otelagentcopy"
)

// The global providers of OpenTelemetry get the spans and metrics.
func ExampleWithTelemetry() {
	key := "not-a-real-key"
	client, err := kolena.New(key, otelagentcopy.WithTelemetry())
	if err != nil {
		log.Fatal(err)
	}
	_ = client
	// Output:
}
