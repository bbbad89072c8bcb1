-- Issues: which groups of errors are one, and what became of it. All times of
-- these tables are unix nanoseconds.
CREATE TABLE issues (
    id             INTEGER PRIMARY KEY,
    title          TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    culprit        TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    service        TEXT    NOT NULL,
    env            TEXT    NOT NULL,
    level          TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('new', 'ongoing', 'resolved', 'regressed', 'snoozed')),
    since          INTEGER NOT NULL, -- when it got that state
    assignee       TEXT    NOT NULL DEFAULT '',
    merged_into    INTEGER REFERENCES issues (id),
    snooze_until   INTEGER NOT NULL DEFAULT 0, -- 0: not until a time
    snooze_events  INTEGER NOT NULL DEFAULT 0, -- 0: not until a number of further events
    snooze_rate    REAL    NOT NULL DEFAULT 0, -- events an hour that end it; 0: none does
    spiking_since  INTEGER NOT NULL DEFAULT 0,
    cut            INTEGER NOT NULL DEFAULT 0, -- events whose own group was not kept apart
    explanation    TEXT    NOT NULL            -- JSON: why its first event has its key
) STRICT;

-- What is known to belong to an issue. "v1:…" are keys of events; the others
-- are found again by further groups of the same failure.
CREATE TABLE issue_hashes (
    hash     TEXT    PRIMARY KEY,
    issue    INTEGER NOT NULL REFERENCES issues (id),
    home     INTEGER NOT NULL REFERENCES issues (id), -- the issue before it was merged
    reason   TEXT    NOT NULL,
    added_at INTEGER NOT NULL,
    first    INTEGER NOT NULL DEFAULT 0, -- time of its first event, 0 without any
    last     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX issue_hashes_by_issue ON issue_hashes (issue);

CREATE TABLE issue_links (
    a      INTEGER NOT NULL REFERENCES issues (id),
    b      INTEGER NOT NULL REFERENCES issues (id),
    reason TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;

-- id is the place in the stream of changes.
CREATE TABLE issue_history (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    issue  INTEGER NOT NULL REFERENCES issues (id),
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL, -- '' is the dashboard itself
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL  -- JSON object
) STRICT;
CREATE INDEX issue_history_by_issue ON issue_history (issue, id);

-- Events that are kept whole, for as long as their issue.
CREATE TABLE issue_evidence (
    time    INTEGER NOT NULL,
    event   BLOB    NOT NULL,
    hash    TEXT    NOT NULL,
    slot    TEXT    NOT NULL CHECK (slot IN ('first', 'last', 'spread')),
    line    TEXT    NOT NULL,
    labels  TEXT    NOT NULL, -- JSON object
    before  TEXT    NOT NULL DEFAULT '[]', -- JSON array of lines
    after   TEXT    NOT NULL DEFAULT '[]',
    context INTEGER NOT NULL DEFAULT 0, -- 1 when the lines around it were looked for
    PRIMARY KEY (time, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX issue_evidence_by_hash ON issue_evidence (hash);
CREATE INDEX issue_evidence_without_context ON issue_evidence (time) WHERE context = 0;

CREATE TABLE deploys (
    id      INTEGER PRIMARY KEY,
    service TEXT    NOT NULL,
    env     TEXT    NOT NULL,
    version TEXT    NOT NULL,
    source  TEXT    NOT NULL CHECK (source IN ('ci', 'image')),
    url     TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (service, env, version, at)
) STRICT;
CREATE INDEX deploys_by_time ON deploys (at);

-- The images that containers of a service were last seen to run.
CREATE TABLE images (
    service TEXT    NOT NULL,
    env     TEXT    NOT NULL,
    image   TEXT    NOT NULL,
    seen    INTEGER NOT NULL,
    PRIMARY KEY (service, env, image)
) STRICT, WITHOUT ROWID;

-- What the indexer remembers: where it is, what it has learned.
CREATE TABLE index_state (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
