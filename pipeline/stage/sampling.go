package stage

import (
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// sampling lets a share of the entries pass. It decides by a hash of the source,
// the place in it and the line, so that a second reading decides the same.
type sampling struct {
	below  float64 // hashes that pass
	reason string
}

func (c *compiler) sampling(cfg *config.SamplingStage) {
	c.add(&sampling{below: math.Ldexp(cfg.Rate, 64), reason: cfg.DropCounterReason})
}

func (s *sampling) run(f *Feed, r *record) verdict {
	if float64(f.hash(r)) < s.below || s.below == math.Ldexp(1, 64) {
		return next
	}
	return f.drop(r, s.reason)
}

// hash is the same for the same record of the same source. The line is in it
// because two generations of a file have the same offsets.
func (f *Feed) hash(r *record) uint64 {
	return mix(mix(f.source^uint64(r.offset)) ^ xxhash.Sum64(r.line))
}

// mix spreads the bits of a number over all of it (MurmurHash3's finalizer).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
