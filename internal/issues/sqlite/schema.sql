-- Events are found by time (idempotency, expiry) and by key (pages of an issue).
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL, -- unix nanoseconds
  id BLOB NOT NULL,
  key INTEGER NOT NULL,
  source INTEGER NOT NULL,
  exception INTEGER NOT NULL,
  type TEXT NOT NULL,
  message TEXT NOT NULL,
  culprit TEXT NOT NULL,
  text TEXT NOT NULL,
  correlation TEXT NOT NULL,
  tags TEXT NOT NULL -- a JSON object, or ''
) STRICT;
CREATE UNIQUE INDEX events_by_time ON events (time, id);
CREATE INDEX events_by_key ON events (key, time, id);

-- Where events come from: what they share.
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  env TEXT NOT NULL,
  service TEXT NOT NULL,
  level TEXT NOT NULL,
  UNIQUE (stream, env, service, level)
) STRICT;

-- Hours are since 1970; first and last are milliseconds of the hour.
CREATE TABLE counts (
  hour INTEGER NOT NULL,
  source INTEGER NOT NULL,
  key INTEGER NOT NULL,
  events INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (hour, source, key)
) STRICT, WITHOUT ROWID;

-- The different texts of a key; words has the text of each by its seq.
CREATE TABLE texts (
  seq INTEGER PRIMARY KEY,
  key INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  UNIQUE (key, hash)
) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0");
