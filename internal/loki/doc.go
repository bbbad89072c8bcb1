// Package loki is the dashboard's client of Loki's HTTP query API: a LogQL
// builder that cannot be injected, pages of lines with stable cursors, counts
// over time, and one shared follow for everybody who watches the same query.
//
// What it relies on in Loki (3.x; 2.9 without structured metadata):
//
//   - query_range includes its start and excludes its end; an answer is grouped
//     by stream and has to be merged and sorted here.
//   - Two lines that are equal in stream, time, text and structured metadata are
//     one line.
//   - The header "categorize-labels", which keeps structured metadata apart from
//     labels, is not sent to log queries. With it Loki (3.0 to 3.7.8) hides what
//     went wrong while it read: pkg/iter/categorized_labels_iterator.go does not
//     hand on the error of the iterator that it wraps, so that an answer without
//     the lines that could not be read looks complete. Labels and metadata come
//     as one set instead, and labels.go tells them apart by the index's names.
//   - Errors are text/plain. They are mapped to a Code in errors.go and nowhere
//     else.
//   - An answer that is larger than Loki's internal message limit (4 MiB by
//     default) never arrives; it fails as 500, 504 or a cut connection. Page
//     therefore asks for less and remembers how much passed.
package loki
