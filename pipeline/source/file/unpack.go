package file

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back a zst file may refer, in bytes: what its makers ask
// every reader to take. It is in memory while the file is read.
const maxWindow = 8 << 20

// newUnpacker returns the content of packed, which has the format gz, z, bz2 or
// zst. Of gz, bz2 and zst there may be several behind one another.
func newUnpacker(format string, packed io.Reader) (io.Reader, error) {
	switch format {
	case "gz":
		return gzip.NewReader(packed)
	case "z":
		return zlib.NewReader(packed)
	case "bz2":
		return bzip2.NewReader(packed), nil
	case "zst":
		// Without goroutines, and without a bound of the content.
		d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62))
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	return nil, fmt.Errorf("the format %q is not known", format)
}

// pass is one way through a compressed file, from its beginning on. It keeps the
// content between the offset that was asked for last and how far it has come. How
// it ends stays known.
type pass struct {
	format string
	packed *tally
	r      io.Reader // nil before the beginning
	base   int64     // of window in the content
	window []byte
	end    error // io.EOF behind the right end, else what is damaged
}

func newPass(format string, file io.ReaderAt) *pass {
	const all = 1 << 62
	return &pass{format: format, packed: &tally{r: io.NewSectionReader(file, 0, all)}}
}

// tally knows how much was read, and why no more can be.
type tally struct {
	r   io.Reader
	n   int64
	err error // but for io.EOF
}

func (c *tally) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// at returns up to n bytes of the content at an offset, which does not go back.
// They are valid until the next call. There are fewer where the content ends;
// p.end tells how. It returns errAgain before it has come that far, and an error
// if the file cannot be read: then the pass is over.
func (p *pass) at(offset int64, n int) ([]byte, error) {
	if p.r == nil && p.end == nil {
		p.begin()
	}
	again := p.forget(offset)
	if again == nil {
		p.fill(n)
	}
	if p.packed.err != nil {
		return nil, fmt.Errorf("read a compressed file: %w", p.packed.err)
	}
	return p.window[:min(n, len(p.window))], again
}

func (p *pass) begin() {
	r, err := newUnpacker(p.format, bufio.NewReaderSize(p.packed, 64<<10))
	if p.r = r; err != nil {
		p.stop(err)
	}
}

// stop notes how the content ends.
func (p *pass) stop(err error) {
	switch isEOF := errors.Is(err, io.EOF); {
	case p.packed.n == 0, isEOF && p.r != nil: // an empty file is no damage
		p.end = io.EOF
	case isEOF:
		p.end = io.ErrUnexpectedEOF
	default:
		p.end = err
	}
}

// forget drops what lies before offset, and unpacks that far.
func (p *pass) forget(offset int64) error {
	if n := offset - p.base; n <= int64(len(p.window)) {
		p.window = append(p.window[:0], p.window[max(0, n):]...)
		p.base = max(p.base, offset)
		return nil
	}
	p.base += int64(len(p.window))
	p.window = p.window[:0]
	if p.end != nil {
		return nil
	}
	n, err := io.CopyN(io.Discard, p.r, min(offset-p.base, stepLen))
	p.base += n
	if err != nil {
		p.stop(err)
		return nil
	}
	if p.base < offset {
		return errAgain
	}
	return nil
}

// fill unpacks until the window holds n bytes, or all that there are.
func (p *pass) fill(n int) {
	if cap(p.window) < n {
		p.window = append(make([]byte, 0, n), p.window...)
	}
	for len(p.window) < n && p.end == nil {
		have := len(p.window)
		got, err := p.r.Read(p.window[have:n])
		p.window = p.window[:have+got]
		if err != nil {
			p.stop(err)
		}
	}
}

// reach is how far the content goes, or has been unpacked.
func (p *pass) reach() int64 { return p.base + int64(len(p.window)) }

// finish ends unpacking; what is in the window stays.
func (p *pass) finish() {
	if d, ok := p.r.(*zstd.Decoder); ok {
		d.Close()
	}
	if p.r = nil; p.end == nil {
		p.end = io.ErrClosedPipe
	}
}
