package conformance_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// The code of README.md.

var ctx = context.Background()

func Example_oneMachine() {
	ledger, err := sqlite.Open("copies.db")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ledger.Close()
	runner := &once.Runner{Ledger: ledger}
	_ = runner
}

func Example_manyMachines() {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	ledger, err := sqlledger.Open(ctx, db, sqlledger.Postgres)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := &once.Runner{Ledger: ledger}
	_ = runner
}
