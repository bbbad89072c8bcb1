// Package e2e runs the two programs as they are shipped against real servers:
// log files and containers on one side, Loki, Prometheus, nginx and a browser
// on the other. It has tests only; test/servers starts what they need.
package e2e
