package file

import (
	"bytes"
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

// PackedAfter returns the place behind so many lines of a compressed file: what
// promtail knows of it. A last line without a newline counts. It unpacks that much.
func PackedAfter(path, format string, lines int64) (pipeline.Place, error) {
	f, err := openPackedFile(path)
	if err != nil {
		return pipeline.Place{}, err
	}
	defer f.text.close()
	p := pipeline.Place{
		Path: path, Device: f.text.id.device, Inode: f.text.id.inode, Packed: format,
		FingerprintLen: int64(len(f.head)), Fingerprint: fingerprint(f.head), Modified: f.text.changed.UnixNano(),
	}
	last := byte('\n')
	err = eachBlock(f, format, func(data []byte) (more bool) {
		for lines > 0 {
			n := bytes.IndexByte(data, '\n')
			if n < 0 {
				break
			}
			p.Offset += int64(n + 1)
			data, last = data[n+1:], '\n'
			lines--
		}
		if lines > 0 && len(data) > 0 {
			p.Offset += int64(len(data))
			last = data[len(data)-1]
		}
		return lines > 0
	})
	if err != nil {
		return pipeline.Place{}, err
	}
	if last != '\n' {
		lines--
	}
	if lines > 0 {
		return pipeline.Place{}, fmt.Errorf("%s: %w: %d lines less", path, ErrShort, lines)
	}
	p.Size = p.Offset
	return p, nil
}

// PackedLines returns how many lines of its compressed file are before a place, if
// the file that has its name now is the one that was read. It unpacks that much.
func PackedLines(p pipeline.Place) (lines int64, ok bool) {
	f, err := openPackedFile(p.Path)
	if err != nil {
		return 0, false
	}
	defer f.text.close()
	if n := p.FingerprintLen; n > int64(len(f.head)) || n > 0 && fingerprint(f.head[:n]) != p.Fingerprint {
		return 0, false
	}
	left, last := p.Offset, byte('\n')
	err = eachBlock(f, p.Packed, func(data []byte) (more bool) {
		data = data[:min(left, int64(len(data)))]
		if len(data) > 0 {
			last = data[len(data)-1]
		}
		left -= int64(len(data))
		lines += int64(bytes.Count(data, []byte{'\n'}))
		return left > 0
	})
	if last != '\n' {
		lines++
	}
	return lines, err == nil && left == 0
}

func openPackedFile(path string) (*packedFile, error) {
	g, err := openGeneration(realDisk{}, path)
	if err != nil {
		return nil, err
	}
	f := &packedFile{text: *g}
	f.learnHead()
	return f, nil
}

// eachBlock calls use for the content of a compressed file as far as it can be
// unpacked, until use wants no more.
func eachBlock(f *packedFile, format string, use func(data []byte) (more bool)) error {
	p := newPass(format, f.text.file)
	defer p.finish()
	for at := int64(0); ; {
		data, err := p.at(at, blockLen)
		if err != nil {
			return err
		}
		if !use(data) || len(data) < blockLen {
			return nil
		}
		at += int64(len(data))
	}
}
