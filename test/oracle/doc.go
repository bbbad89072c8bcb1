// Package oracle compares the collector with promtail itself: both read the
// same files with the same configuration, and what they send has to be equal,
// except for what docs/promtail-differences.md says. The package holds tests
// only.
package oracle
