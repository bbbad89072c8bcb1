-- What people have frozen of the page, for all to see. Times are unix seconds.
CREATE TABLE snapshots (
    id         TEXT    NOT NULL PRIMARY KEY, -- cannot be guessed
    title      TEXT    NOT NULL,
    path       TEXT    NOT NULL, -- of the page: lines, story, issues/7
    view       TEXT    NOT NULL, -- the search part of the page's address
    lines      INTEGER NOT NULL, -- that are kept
    total      INTEGER NOT NULL, -- that there were, -1 when it is not known
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, -- the greatest number there is for never
    bytes      INTEGER NOT NULL, -- of the content
    content    BLOB    NOT NULL  -- JSON, as the API answers with it, compressed by zstd
) STRICT;

CREATE INDEX snapshots_expire ON snapshots (expires_at);
