//go:build race

package stage

// raceSlack is what regexp allocates for a line under the race detector, which
// makes its pools forget.
const raceSlack = 1
