// Package dashboard tests the dashboard against real servers: Loki and
// Prometheus built by stack/, and nginx. It has tests only.
//
// The servers listen on free loopback ports, keep their data in temporary
// folders and are stopped at the end. A missing server fails the tests.
package dashboard
