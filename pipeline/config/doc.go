// Package config turns a promtail configuration file into one typed, checked
// value.
//
// The file is promtail's YAML, with a few keys of this project beside it;
// promtail would refuse those. Reading is strict: an unknown key, a wrong type
// or a value that cannot work is an error that names file, line, column and key
// and says what to do. All problems of a file are reported together.
//
// The package is a leaf: it opens no log and no connection, and reads no file
// but the configuration itself. Credential files are named here and read by
// those that use them, each time they do, so that a rotated one is seen.
package config
