// Package faults proves what the collector promises: it runs the real program
// while files rotate, Loki fails and processes are killed, and counts what
// arrived.
//
//	Writer ──▶ files ──▶ bin/collector ──▶ Proxy ──▶ a real Loki, or Sink
//	numbers its        killed and          fails on   counts each number
//	records            started again       command    as often as it came
//
// TestFaults has the table of cases; each ends in a Result, a row of
// docs/reliability.md. FAULTS_OUT names a folder for the rows, SOAK=1h runs the
// long sizes, of which an hour is as long as it says.
package faults
