-- Notifications: where they go, when, and what was sent. All times of these
-- tables are unix nanoseconds.
CREATE TABLE notify_channels (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    kind       TEXT    NOT NULL CHECK (kind IN ('discord', 'slack', 'email', 'webhook')),
    enabled    INTEGER NOT NULL,
    settings   TEXT    NOT NULL, -- JSON object
    url        TEXT    NOT NULL, -- secret: who knows it may write there
    secret     TEXT    NOT NULL, -- a password, or the key of signatures
    changed_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE notify_rules (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    enabled         INTEGER NOT NULL,
    settings        TEXT    NOT NULL, -- JSON object
    changed_by      TEXT    NOT NULL,
    changed_at      INTEGER NOT NULL,
    -- What the looks at Loki found.
    holds_since     INTEGER NOT NULL DEFAULT 0, -- 0: it does not hold
    lines           INTEGER NOT NULL DEFAULT 0,
    answered_at     INTEGER NOT NULL DEFAULT 0, -- the last answer
    answering_since INTEGER NOT NULL DEFAULT 0, -- of the answers without a gap
    failure         TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE notify_rule_channels (
    rule    INTEGER NOT NULL REFERENCES notify_rules (id) ON DELETE CASCADE,
    channel INTEGER NOT NULL REFERENCES notify_channels (id) ON DELETE CASCADE,
    PRIMARY KEY (rule, channel)
) STRICT, WITHOUT ROWID;

-- A message has its events; "key" names it to receivers at each attempt.
CREATE TABLE notify_messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    INTEGER NOT NULL REFERENCES notify_channels (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL UNIQUE,
    test       INTEGER NOT NULL,
    why        TEXT    NOT NULL, -- why its events waited, '' if they did not
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL DEFAULT 0,
    error      TEXT    NOT NULL DEFAULT '', -- of the last attempt
    remedy     TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notify_messages_by_channel ON notify_messages (channel, created_at);
CREATE UNIQUE INDEX notify_messages_pending ON notify_messages (channel) WHERE state = 'pending';

CREATE TABLE notify_events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL REFERENCES notify_channels (id) ON DELETE CASCADE,
    message INTEGER REFERENCES notify_messages (id) ON DELETE CASCADE, -- NULL: waits for one
    subject TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0, -- the same again, not told
    event   TEXT    NOT NULL -- JSON object
) STRICT;
CREATE INDEX notify_events_by_subject ON notify_events (channel, subject, at);
CREATE INDEX notify_events_by_message ON notify_events (message, channel);

-- Up to which change of issues was looked.
CREATE TABLE notify_cursor (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed what.
CREATE TABLE notify_audit (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at    INTEGER NOT NULL,
    actor TEXT    NOT NULL,
    what  TEXT    NOT NULL
) STRICT;
