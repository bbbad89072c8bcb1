package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Charset is the encoding of a file's text. A nil Charset is that of a job
// without one: lines end at '\n' and are handed on as they are.
//
// Lines are cut where the encoding has its newline, and each is converted by
// itself. Offsets stay those of the file's bytes.
type Charset struct {
	enc     encoding.Encoding
	newline byte
	kind    charsetKind
}

type charsetKind uint8

const (
	oneByte charsetKind = iota // the newline is one byte, and no part of a character
	isUTF8
	utf16LE
	utf16BE
	utf16BOM // what its first two bytes say, big endian without them
)

// FindCharset returns the encoding with an IANA name.
func FindCharset(name string) (*Charset, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err == nil && enc == nil {
		err = errors.New("it is not supported")
	}
	if err != nil {
		return nil, fmt.Errorf("encoding %q: %w", name, err)
	}
	c := &Charset{enc: enc, newline: '\n'}
	switch enc {
	case unicode.UTF8:
		c.kind = isUTF8
	case unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM):
		c.kind = utf16LE
	case unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM):
		c.kind = utf16BE
	case unicode.UTF16(unicode.BigEndian, unicode.UseBOM):
		c.kind = utf16BOM
	default:
		if nl, err := enc.NewEncoder().Bytes([]byte("\n")); err == nil && len(nl) == 1 {
			c.newline = nl[0] // EBCDIC has another one
		}
	}
	return c, nil
}

// form is how the bytes of one file are cut into lines. Its zero value is that
// of files without a charset.
type form struct {
	newline byte
	unit    int // bytes of a unit of UTF-16, else 1
	order   binary.ByteOrder
	charset *Charset
}

// form returns the form of a file with these first bytes.
func (c *Charset) form(head []byte) form {
	if c == nil {
		return form{newline: '\n', unit: 1}
	}
	f := form{newline: c.newline, unit: 1, charset: c}
	switch c.kind {
	case oneByte, isUTF8:
		return f
	case utf16LE:
		f.order = binary.LittleEndian
	case utf16BE:
		f.order = binary.BigEndian
	default:
		f.order = binary.BigEndian
		if bytes.HasPrefix(head, []byte{0xff, 0xfe}) {
			f.order = binary.LittleEndian
		}
	}
	f.unit = 2
	return f
}

// lineEnd returns where the first newline of data is, which begins with a line,
// or -1.
func (f form) lineEnd(data []byte) int {
	if f.unit == 1 {
		return bytes.IndexByte(data, f.newline)
	}
	for at := 0; at+1 < len(data); at += 2 {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return -1
		}
		at = (at + n) &^ 1
		if at+1 < len(data) && f.order.Uint16(data[at:]) == '\n' {
			return at
		}
	}
	return -1
}

// cut returns the length of the longest beginning of a line that is at most limit
// bytes, with limit below len(line), and does not cut a character.
func (f form) cut(line []byte, limit int) int {
	switch {
	case f.charset == nil, f.charset.kind == isUTF8:
		return pipeline.CutText(line, limit)
	case f.unit == 1:
		return f.charset.wholeCharacters(line[:limit])
	}
	limit &^= 1
	if limit >= 2 && utf16.IsSurrogate(rune(f.order.Uint16(line[limit-2:]))) && f.order.Uint16(line[limit-2:]) < 0xdc00 {
		return max(2, limit-2)
	}
	return max(2, limit)
}

// wholeCharacters returns the length of text without a character at its end that
// is not whole.
func (c *Charset) wholeCharacters(text []byte) int {
	dec, n := c.enc.NewDecoder(), 0
	var dst [4096]byte
	for {
		_, read, err := dec.Transform(dst[:], text[n:], false)
		n += read
		if !errors.Is(err, transform.ErrShortDst) || read == 0 {
			break
		}
	}
	if n == 0 {
		return len(text)
	}
	return n
}

// withoutBOM leaves out the mark at the beginning of a file.
func (f form) withoutBOM(text []byte) []byte {
	switch {
	case f.charset.kind == isUTF8:
		return bytes.TrimPrefix(text, []byte("\ufeff"))
	case f.unit == 2 && len(text) >= 2 && f.order.Uint16(text) == 0xfeff:
		return text[2:]
	}
	return text
}

// decoder converts lines to UTF-8.
type decoder struct {
	charset *Charset
	dec     *encoding.Decoder
}

func (c *Charset) newDecoder() *decoder {
	return &decoder{charset: c, dec: c.enc.NewDecoder()}
}

// convert makes the lines of a block UTF-8 and returns how many of them were not
// what the encoding allows: what is wrong in them becomes U+FFFD.
func (d *decoder) convert(b *pipeline.Block, f form) (invalid int) {
	b.Text = b.Text[:0]
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Range.Start == 0 {
			l.Text = f.withoutBOM(l.Text)
		}
		if d.charset.kind == isUTF8 && utf8.Valid(l.Text) {
			continue
		}
		from := len(b.Text)
		valid := false
		if f.unit == 2 {
			b.Text, valid = appendUTF16(b.Text, l.Text, f.order)
		} else {
			b.Text, valid = d.appendText(b.Text, l.Text)
		}
		l.Text = b.Text[from:len(b.Text):len(b.Text)]
		if !valid {
			invalid++
		}
	}
	return invalid
}

// appendUTF16 adds units of UTF-16 to dst as UTF-8, and reports whether they are
// whole characters.
func appendUTF16(dst, units []byte, order binary.ByteOrder) (text []byte, valid bool) {
	valid = len(units)%2 == 0
	for ; len(units) >= 2; units = units[2:] {
		r := rune(order.Uint16(units))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(units) >= 4 {
				low = rune(order.Uint16(units[2:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				valid = false
			} else {
				units = units[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	if len(units) == 1 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst, valid
}

// appendText adds text of another encoding to dst as UTF-8, and reports whether
// all of it is in the encoding.
func (d *decoder) appendText(dst, text []byte) (converted []byte, valid bool) {
	from := len(dst)
	d.dec.Reset()
	for {
		if free := cap(dst) - len(dst); free < 3*len(text)+utf8.UTFMax {
			dst = append(make([]byte, 0, 2*cap(dst)+3*len(text)+64), dst...)
		}
		n, read, err := d.dec.Transform(dst[len(dst):cap(dst)], text, true)
		dst, text = dst[:len(dst)+n], text[read:]
		if !errors.Is(err, transform.ErrShortDst) {
			// An encoding that stops at what it does not know loses the rest.
			valid = err == nil && d.charset.kind != isUTF8 && !bytes.Contains(dst[from:], []byte("\ufffd"))
			if err != nil {
				dst = append(dst, "\ufffd"...)
			}
			return dst, valid
		}
	}
}

// Align returns the first offset at or behind offset where a line may begin. An
// offset behind the byte '\n' may be within a newline of UTF-16.
func (c *Charset) Align(offset int64) int64 {
	unit := int64(c.form(nil).unit)
	return (offset + unit - 1) / unit * unit
}
