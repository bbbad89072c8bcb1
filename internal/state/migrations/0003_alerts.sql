-- What Alertmanager told of alerts. All times of these tables are unix
-- milliseconds: its API knows no finer ones.

-- One firing of one alert. The same alert that fires again later has another
-- starts_at.
CREATE TABLE alert_episodes (
    id            INTEGER PRIMARY KEY,
    fingerprint   TEXT    NOT NULL, -- of its labels, by Alertmanager
    starts_at     INTEGER NOT NULL, -- by Prometheus' clock
    began         INTEGER NOT NULL, -- the same, but not later than the dashboard heard of it
    status        TEXT    NOT NULL CHECK (status IN ('firing', 'resolved')),
    ended_at      INTEGER NOT NULL DEFAULT 0, -- 0 while it fires
    inferred      INTEGER NOT NULL DEFAULT 0, -- 1 when nobody said that it ended: it was gone
    source        TEXT    NOT NULL CHECK (source IN ('webhook', 'poll')), -- who told of it first
    heard_at      INTEGER NOT NULL, -- when, by the dashboard's clock
    name          TEXT    NOT NULL,
    severity      TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    env           TEXT    NOT NULL,
    labels        TEXT    NOT NULL, -- JSON object
    annotations   TEXT    NOT NULL, -- JSON object, as told last
    generator_url TEXT    NOT NULL,
    receiver      TEXT    NOT NULL,
    extra         TEXT    NOT NULL, -- JSON object: what newer versions of Alertmanager say besides
    UNIQUE (fingerprint, starts_at)
) STRICT;
CREATE INDEX alert_episodes_firing ON alert_episodes (fingerprint) WHERE status = 'firing';
CREATE INDEX alert_episodes_by_end ON alert_episodes (ended_at);
CREATE INDEX alert_episodes_by_name ON alert_episodes (name, ended_at);

-- When Alertmanager was looked at: in between nothing is known.
CREATE TABLE alert_watch (
    began INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
