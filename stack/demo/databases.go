package main

import (
	"fmt"
	"time"
)

// pgTime is the time as PostgreSQL (log_line_prefix '%m [%p] ') and PgBouncer print it.
func pgTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000 MST") }

func postgres(at time.Time, pid int, user, message string) string {
	if user != "" {
		user += " "
	}
	return fmt.Sprintf("%s [%d] %s%s", pgTime(at), pid, user, message)
}

const appUser = "tovplay_app@tovplay"

// startPostgres is the start of the database's container.
func (w *world) startPostgres(at time.Time) {
	w.log(w.database, at, "stderr",
		postgres(at, 1, "", "LOG:  starting PostgreSQL 15.20 (Debian 15.20-1.pgdg12+1) on x86_64-pc-linux-gnu, "+
			"compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit"),
		postgres(at, 1, "", `LOG:  listening on IPv4 address "0.0.0.0", port 5432`),
		postgres(at, 1, "", "LOG:  database system is ready to accept connections"))
}

func (w *world) checkpoint(at time.Time) {
	w.log(w.database, at, "stderr", postgres(at, 27, "", "LOG:  checkpoint starting: time"))
	buffers := 20 + w.rng.IntN(400)
	took := float64(buffers) / 10
	w.at(at.Add(time.Duration(took*float64(time.Second))), func(at time.Time) {
		w.log(w.database, at, "stderr", postgres(at, 27, "", fmt.Sprintf("LOG:  checkpoint complete: wrote %d buffers (%.1f%%); "+
			"0 WAL file(s) added, 0 removed, 0 recycled; write=%.3f s, sync=0.004 s, total=%.3f s; sync files=%d, "+
			"longest=0.002 s, average=0.001 s; distance=%d kB, estimate=%d kB",
			buffers, float64(buffers)/163.84, took, took+0.02, 4+buffers/20, buffers*9, buffers*11)))
	})
}

// slowQuery is seen by the database and, as a slow request, by the backend.
func (w *world) slowQuery(at time.Time) {
	took := w.between(600*time.Millisecond, 4*time.Second)
	query := "SELECT users.id, count(game_requests.id) FROM users JOIN game_requests ON game_requests.owner_id = users.id " +
		"GROUP BY users.id ORDER BY 2 DESC LIMIT 50"
	w.log(w.database, at, "stderr", postgres(at, 212, appUser,
		fmt.Sprintf("LOG:  duration: %.3f ms  statement: %s", float64(took.Microseconds())/1000, query)))
	w.log(w.backend, at, "stdout", text(at, "WARNING", fmt.Sprintf("SLOW_QUERY: %.2fs - %s", took.Seconds(), query)))
}

// duplicateKey is the database's side of a sign-up with an address that is taken.
func (w *world) duplicateKey(at time.Time, number string) {
	w.log(w.database, at, "stderr",
		postgres(at, 212, appUser, `ERROR:  duplicate key value violates unique constraint "users_email_key"`),
		postgres(at, 212, appUser, fmt.Sprintf("DETAIL:  Key (email)=(player%s@example.org) already exists.", number)),
		postgres(at, 212, appUser, fmt.Sprintf("STATEMENT:  INSERT INTO users (email, username) VALUES "+
			"('player%s@example.org', 'nick%s') RETURNING users.id", number, number)))
}

func (w *world) deadlock(at time.Time) {
	first, second := 200+w.rng.IntN(50), 260+w.rng.IntN(50)
	w.log(w.database, at, "stderr",
		postgres(at, first, appUser, "ERROR:  deadlock detected"),
		postgres(at, first, appUser, fmt.Sprintf("DETAIL:  Process %d waits for ShareLock on transaction %d; blocked by process %d.",
			first, 91000+second, second)),
		fmt.Sprintf("\tProcess %d waits for ShareLock on transaction %d; blocked by process %d.", second, 91000+first, first),
		fmt.Sprintf("\tProcess %d: UPDATE game_requests SET status='accepted' WHERE id = %d", first, second),
		fmt.Sprintf("\tProcess %d: UPDATE users SET games_played=games_played+1 WHERE id = %d", second, first),
		postgres(at, first, appUser, "HINT:  See server log for query details."),
		postgres(at, first, appUser, `CONTEXT:  while updating tuple (3,17) in relation "game_requests"`),
		postgres(at, first, appUser, fmt.Sprintf("STATEMENT:  UPDATE game_requests SET status='accepted' WHERE id = %d", second)))
}

// startPgbouncer is the start of the pooler's container.
func (w *world) startPgbouncer(at time.Time) {
	w.log(w.pgbouncer, at, "stdout",
		pgTime(at)+" [1] LOG kernel file descriptor limit: 1048576 (hard: 1048576); max_client_conn: 1000, max expected fd use: 1012",
		pgTime(at)+" [1] LOG listening on 0.0.0.0:6432",
		pgTime(at)+" [1] LOG process up: PgBouncer 1.18.0, libevent 2.1.12-stable (epoll), adns: c-ares 1.18.1, tls: OpenSSL 3.0.19 27 Jan 2026")
}

func (w *world) pgbouncerStats(at time.Time) {
	queries := 2 + w.rng.IntN(20)
	w.log(w.pgbouncer, at, "stdout", fmt.Sprintf("%s [1] LOG stats: %d xacts/s, %d queries/s, in %d B/s, out %d B/s, "+
		"xact %d us, query %d us, wait %d us", pgTime(at), queries, queries*2, queries*310, queries*1900,
		900+w.rng.IntN(900), 400+w.rng.IntN(400), w.rng.IntN(60)))
}

// pgbouncerClient is a connection that comes and goes.
func (w *world) pgbouncerClient(at time.Time) {
	client := w.pgbouncerPeer()
	w.log(w.pgbouncer, at, "stdout", fmt.Sprintf("%s [1] LOG %s login attempt: db=tovplay user=tovplay_app tls=no", pgTime(at), client))
	age := w.between(time.Second, 30*time.Second)
	w.at(at.Add(age), func(at time.Time) {
		w.log(w.pgbouncer, at, "stdout", fmt.Sprintf("%s [1] LOG %s closing because: client close request (age=%ds)",
			pgTime(at), client, int(age.Seconds())))
	})
}

// queryWaitTimeout is a client that waited too long for a server connection.
func (w *world) queryWaitTimeout(at time.Time) {
	client := w.pgbouncerPeer()
	w.log(w.pgbouncer, at, "stdout",
		fmt.Sprintf("%s [1] LOG %s closing because: query_wait_timeout (age=2s)", pgTime(at), client),
		fmt.Sprintf("%s [1] WARNING %s pooler error: query_wait_timeout", pgTime(at), client))
}

func (w *world) pgbouncerPeer() string {
	return fmt.Sprintf("C-0x55a2481%05x: tovplay/tovplay_app@172.18.0.4:%d", w.rng.IntN(1<<20)&^0xf, 32768+w.rng.IntN(28000))
}
