package sqlledger

// Dialect is the SQL that a database speaks: [Postgres] or [SQLite].
type Dialect struct{ *dialect }

type dialect struct {
	name            string
	now             string                       // the database's time, read when the row is locked
	timeType        string                       // of a column
	keyType         string                       // text that is compared byte by byte
	later           func(seconds string) string  // now and so many seconds; NULL if that is
	between         func(from, to string) string // seconds between two times
	greatest, least string                       // functions of several arguments
	param           string                       // what a parameter's number stands behind
}

var (
	// Postgres is PostgreSQL 13 or newer.
	Postgres = Dialect{&dialect{
		name:     "PostgreSQL",
		now:      "clock_timestamp()",
		timeType: "timestamptz",
		keyType:  `text COLLATE "C"`,
		later:    func(s string) string { return "clock_timestamp() + CAST(" + s + " AS float8) * interval '1 second'" },
		between:  func(from, to string) string { return "CAST(extract(epoch FROM " + to + " - " + from + ") AS float8)" },
		greatest: "greatest",
		least:    "least",
		param:    "$",
	}}
	// SQLite is SQLite 3.38 or newer. Package once/sqlledger/sqlite opens a file
	// with the driver and the settings that make it durable.
	SQLite = Dialect{&dialect{
		name:     "SQLite",
		now:      "strftime('%Y-%m-%d %H:%M:%fZ', 'now')",
		timeType: "text",
		keyType:  "text",
		later:    func(s string) string { return "strftime('%Y-%m-%d %H:%M:%fZ', 'now', " + s + " || ' seconds')" },
		between:  func(from, to string) string { return "(julianday(" + to + ") - julianday(" + from + ")) * 86400" },
		greatest: "max",
		least:    "min",
		param:    "?",
	}}
)

// timeFormat is how times are given to a database, and how SQLite stores them.
const timeFormat = "2006-01-02 15:04:05.000Z"
