package file

import (
	"errors"
	"fmt"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// ErrShort is wrapped by PlaceAt's error when the file ends before the offset.
var ErrShort = errors.New("the file is shorter than its saved position")

// PlaceAt returns the place of an offset in the file that has the name now, as
// if a Source had read so far.
func PlaceAt(path string, offset int64) (pipeline.Place, error) {
	g, err := openGeneration(realDisk{}, path)
	if err != nil {
		return pipeline.Place{}, err
	}
	defer g.close()
	if offset > g.size {
		return pipeline.Place{}, fmt.Errorf("%s: %w: %d of %d bytes", path, ErrShort, g.size, offset)
	}
	g.start(offset)
	return g.place(), nil
}

// IsAt reports whether the file that has the place's name now is the one that
// was read up to the place's offset.
func IsAt(p pipeline.Place) bool {
	g, err := openGeneration(realDisk{}, p.Path)
	if err != nil {
		return false
	}
	defer g.close()
	return g.holds(p)
}
