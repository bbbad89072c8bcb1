-- Searches that people keep, for all to use. Times are unix seconds.
CREATE TABLE saved_searches (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    path       TEXT    NOT NULL CHECK (path IN ('lines', 'issues')),
    view       TEXT    NOT NULL, -- the search part of the page's address
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
