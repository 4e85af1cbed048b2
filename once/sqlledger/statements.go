package sqlledger

// statements are those that depend on the dialect, but for the parameters: $1 is written
// as ?1 when a statement is run on SQLite.
type statements struct{ begin, write, cut, read, sentSince, prune string }

// columns are read by scan. Since and SentAt are given as ages, so that no clock
// but the reader's and the database's own is needed: if the database's was set
// back since it wrote the row, it is taken to be when that was.
func columns(d Dialect) string {
	now := d.greatest + "(" + d.now + ", written_at)"
	return "key, record, token, claims, write_no, " + d.between("since", now) + ", " + d.between("sent_at", now) +
		", coalesce(" + d.between(d.now, "lease_end") + ", 0)"
}

func newStatements(d Dialect) *statements {
	asTime := func(param string) string { return "CAST(" + param + " AS " + d.timeType + ")" }
	return &statements{
		// $1 key, $2 token, $3 number, $4 lease, $5 sends, $6 since and $7 its age,
		// $8 sent_at and $9 its age, $10 copy_id, $11 copy_name, $12 rival_of, $13
		// ref, $14 keeps_names_of, $15 record; and the request.
		begin: `INSERT INTO agentcopy_ledger (key, token, claims, write_no, lease_end, sends, since, writer_since, sent_at, writer_sent_at,
	copy_id, copy_name, rival_of, ref, keeps_names_of, record, provider, origin, account, template, source_id, name, begun_at, written_at)
VALUES ($1, $2, 1, $3, ` + d.later("$4") + `, $5, ` + d.later("$7") + `, ` + asTime("$6") + `, ` + d.later("$9") + `, ` + asTime("$8") + `,
	$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, ` + d.now + `, ` + d.now + `)
ON CONFLICT (key) DO UPDATE SET token = excluded.token, write_no = excluded.write_no, lease_end = ` + d.later("$4") + `,
	claims = agentcopy_ledger.claims + CASE WHEN agentcopy_ledger.token = excluded.token THEN 0 ELSE 1 END
WHERE agentcopy_ledger.ref IS NULL AND agentcopy_ledger.provider = excluded.provider AND agentcopy_ledger.origin = excluded.origin
	AND agentcopy_ledger.account = excluded.account AND agentcopy_ledger.template = excluded.template
	AND agentcopy_ledger.source_id = excluded.source_id AND agentcopy_ledger.name = excluded.name
	AND (agentcopy_ledger.lease_end IS NULL OR agentcopy_ledger.lease_end <= ` + d.now + ` OR agentcopy_ledger.token = excluded.token)
RETURNING ` + columns(d),

		// Update, Release and Finish. A write that arrives after a later one of the
		// same claim changes nothing; one that is made twice changes nothing more.
		write: `UPDATE agentcopy_ledger SET write_no = $3, lease_end = ` + d.later("$4") + `, sends = $5,
	since = CASE WHEN writer_since = ` + asTime("$6") + ` THEN since ELSE ` + d.later("$7") + ` END, writer_since = ` + asTime("$6") + `,
	sent_at = CASE WHEN writer_sent_at = ` + asTime("$8") + ` THEN sent_at ELSE ` + d.later("$9") + ` END, writer_sent_at = ` + asTime("$8") + `,
	copy_id = $10, copy_name = $11, rival_of = $12, ref = $13, keeps_names_of = $14, record = $15, written_at = ` + d.now + `
WHERE key = $1 AND token = $2 AND write_no <= $3 AND (ref IS NULL OR write_no = $3)
	AND NOT EXISTS (SELECT 1 FROM agentcopy_ledger AS other WHERE other.ref = $13 AND other.key <> $1)`,

		cut:   `UPDATE agentcopy_ledger SET lease_end = ` + d.later("$2") + ` WHERE key = $1 AND lease_end > ` + d.later("$2"),
		read:  "SELECT " + columns(d) + " FROM agentcopy_ledger WHERE ",
		prune: "DELETE FROM agentcopy_ledger WHERE key >= $1 AND key <= $2 AND ref IS NOT NULL AND written_at < " + d.later("$3"),
		// The subquery is run once, so that an index serves.
		sentSince: sentBound(d) + " >= (SELECT " + d.least + "(" + d.later("$1") + ", " + asTime("$2") + "))",
	}
}
