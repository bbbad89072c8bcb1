// Package house holds the house rules as tests: which package may import
// which, that every package says what it is for, and what no file may contain.
package house
