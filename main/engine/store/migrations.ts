// The database's shape, as numbered steps. Append only: a step that has shipped is never edited.

export const migrations: readonly string[] = [
  `
  CREATE TABLE downloads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    url_key TEXT NOT NULL,
    mirrors TEXT NOT NULL DEFAULT '[]',
    host TEXT NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    name_given INTEGER NOT NULL DEFAULT 0,
    part_name TEXT NOT NULL DEFAULT '',
    place TEXT NOT NULL DEFAULT '',
    part_left INTEGER NOT NULL DEFAULT 0,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    position REAL NOT NULL,
    size_bytes INTEGER,
    done_bytes INTEGER NOT NULL DEFAULT 0,
    extents TEXT NOT NULL DEFAULT '[]',
    validators TEXT,
    headers TEXT NOT NULL DEFAULT '{}',
    checksum TEXT,
    verified INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    limit_bytes_per_s INTEGER,
    failure TEXT,
    not_before INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    producer TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    finished_at INTEGER,
    removed_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX downloads_name ON downloads (dir, folded) WHERE removed_at IS NULL;
  CREATE INDEX downloads_order ON downloads (position) WHERE removed_at IS NULL;
  CREATE INDEX downloads_queue ON downloads (status, position) WHERE removed_at IS NULL;
  CREATE INDEX downloads_url ON downloads (url_key) WHERE removed_at IS NULL;
  CREATE INDEX downloads_later ON downloads (not_before) WHERE status = 'queued' AND removed_at IS NULL AND not_before > 0;
  CREATE INDEX downloads_left ON downloads (size_bytes, done_bytes)
    WHERE status = 'queued' AND removed_at IS NULL AND size_bytes IS NOT NULL;
  CREATE INDEX downloads_no_room ON downloads (id)
    WHERE status = 'paused' AND removed_at IS NULL AND failure IS NOT NULL;
  CREATE INDEX downloads_part_left ON downloads (finished_at) WHERE part_left = 1;
  CREATE INDEX downloads_removed ON downloads (removed_at) WHERE removed_at IS NOT NULL;

  CREATE TABLE counts (
    status TEXT NOT NULL,
    category TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (status, category)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER count_update AFTER UPDATE OF status, category, removed_at ON downloads BEGIN
    UPDATE counts SET n = n - 1
      WHERE old.removed_at IS NULL AND status = old.status AND category = old.category;
    INSERT INTO counts SELECT new.status, new.category, 1 WHERE new.removed_at IS NULL
      ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER count_delete AFTER DELETE ON downloads WHEN old.removed_at IS NULL BEGIN
    UPDATE counts SET n = n - 1 WHERE status = old.status AND category = old.category;
  END;

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    download_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_download ON events (download_id, id);

  CREATE TABLE results (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    download_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    UNIQUE (download_id, epoch)
  ) STRICT;

  CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    cap INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE machines (
    place TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    runtime TEXT NOT NULL,
    version TEXT NOT NULL,
    mode TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE downloads ADD COLUMN fetched_by TEXT NOT NULL DEFAULT '';
  ALTER TABLE downloads ADD COLUMN kept_at TEXT;
  CREATE INDEX downloads_fetched ON downloads (fetched_by, finished_at) WHERE fetched_by != '';
  `,
  `
  ALTER TABLE downloads ADD COLUMN hash_left INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX downloads_hash_left ON downloads (finished_at) WHERE hash_left = 1 AND removed_at IS NULL;
  `,
  `
  ALTER TABLE downloads ADD COLUMN connections INTEGER;
  `,
  'ALTER TABLE downloads ADD COLUMN category_given INTEGER NOT NULL DEFAULT 0',
  `
  CREATE INDEX downloads_begun ON downloads (place, position)
    WHERE status = 'queued' AND removed_at IS NULL AND place != '' AND done_bytes > 0;
  `,
  `
  ALTER TABLE downloads ADD COLUMN sums INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX downloads_sums ON downloads (added_at) WHERE sums = 1 AND removed_at IS NULL;
  CREATE INDEX downloads_check_left ON downloads (finished_at) WHERE hash_left = 2 AND removed_at IS NULL;
  `,
  `ALTER TABLE downloads ADD COLUMN brought TEXT NOT NULL DEFAULT '[]'`,
  'ALTER TABLE downloads ADD COLUMN part_time INTEGER',
  `
  CREATE TABLE exchanges (
    download_id INTEGER PRIMARY KEY,
    exchange TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER exchanges_gone AFTER DELETE ON downloads BEGIN
    DELETE FROM exchanges WHERE download_id = old.id;
  END;
  `,
  `
  ALTER TABLE downloads ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
  DROP INDEX downloads_queue;
  CREATE INDEX downloads_queue ON downloads (status, priority, position) WHERE removed_at IS NULL;
  `,
  // The name first: it tells rows apart, the folder hardly ever does.
  `
  DROP INDEX downloads_name;
  CREATE UNIQUE INDEX downloads_name ON downloads (folded, dir) WHERE removed_at IS NULL;
  `,
];
