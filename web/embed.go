// Package web carries the page that the dashboard serves: the files that
// `npm run build` writes to dist, embedded into the binary.
package web

import (
	"embed"
	"io/fs"
)

// dist holds at least the file .gitkeep, so that the program builds before the
// page was built. (The prefix all: is needed for a name that begins with a dot.)
//
//go:embed all:dist
var dist embed.FS

// Dist returns the built page, with index.html at its top. It has no index.html
// when the page was not built; the server then says so instead.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return dist // only for an invalid name, which "dist" is not
	}
	return sub
}
