module github.com/agentcopy/agentcopy-go/boltledger

go 1.26.0

require (
	github.com/agentcopy/agentcopy-go v0.0.0
	go.etcd.io/bbolt v1.5.0
)

require golang.org/x/sys v0.45.0 // indirect

replace github.com/agentcopy/agentcopy-go => ../
