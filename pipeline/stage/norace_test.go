//go:build !race

package stage

const raceSlack = 0
