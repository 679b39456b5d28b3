// What is kept beside the downloads: their event logs, what is known of hosts, the settings.
import * as v from 'valibot';
import { Exchange, type DownloadEvent, type DownloadId } from '../../../shared/download.ts';
import { Settings } from '../../../shared/settings.ts';
import { read } from '../../../shared/schema.ts';
import { StoredEvent } from './rows.ts';
import type { Sql } from './sql.ts';

const EVENTS_KEPT = 200;

export class EventTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(id: DownloadId, event: DownloadEvent): void {
    const { lastInsertRowid } = this.#sql
      .prepare('INSERT INTO events (download_id, at, kind, detail) VALUES (?, ?, ?, ?)')
      .run(id, event.at, event.kind, JSON.stringify(event.detail));
    if (Number(lastInsertRowid) % 50 !== 0) return;
    this.#sql
      .prepare(
        `DELETE FROM events WHERE download_id = @id AND id <= (
         SELECT id FROM events WHERE download_id = @id ORDER BY id DESC LIMIT 1 OFFSET ${EVENTS_KEPT})`,
      )
      .run({ id });
  }

  of(id: DownloadId): DownloadEvent[] {
    return this.#sql
      .prepare('SELECT at, kind, detail FROM events WHERE download_id = ? ORDER BY id')
      .all(id)
      .flatMap((row) => {
        const parsed = read(StoredEvent, row);
        return parsed.success ? [parsed.output] : [];
      });
  }
}

/** The last request and answer of each download. */
export class ExchangeTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  save(id: DownloadId, exchange: Exchange): void {
    this.#sql.prepare('INSERT OR REPLACE INTO exchanges VALUES (?, ?)').run(id, JSON.stringify(exchange));
  }

  of(id: DownloadId): Exchange | null {
    const text = this.#sql.prepare('SELECT exchange FROM exchanges WHERE download_id = ?').pluck().get(id) as
      string | undefined;
    return text === undefined ? null : v.parse(Exchange, JSON.parse(text));
  }
}

/** Connections that a host took at most, and when that was seen, in ms since 1970. */
export type HostCap = { cap: number; seenAt: number };

export class HostTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** How many connections each host was seen to allow at most, and when. */
  caps(): Map<string, HostCap> {
    const rows = this.#sql.prepare('SELECT host, cap, seen_at AS seenAt FROM hosts').all();
    return new Map((rows as (HostCap & { host: string })[]).map(({ host, cap, seenAt }) => [host, { cap, seenAt }]));
  }

  save(host: string, cap: number, now: number): void {
    this.#sql
      .prepare('INSERT INTO hosts VALUES (@host, @cap, @now) ON CONFLICT DO UPDATE SET cap = @cap, seen_at = @now')
      .run({ host, cap, now });
  }
}

export class SettingTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The settings; one that no longer fits its bounds falls back to its default. */
  load(): Settings {
    const rows = this.#sql.prepare('SELECT name, value FROM settings').all() as { name: string; value: string }[];
    const kept: Record<string, unknown> = {};
    for (const { name, value } of rows) {
      const schema = (Settings.entries as Record<string, v.GenericSchema | undefined>)[name];
      const parsed: unknown = JSON.parse(value);
      if (schema && read(schema, parsed).success) kept[name] = parsed;
    }
    return v.parse(Settings, kept);
  }

  save(change: Record<string, unknown>): void {
    this.#sql.transaction(() => {
      const save = this.#sql.prepare(
        'INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      );
      for (const [name, value] of Object.entries(change)) save.run(name, JSON.stringify(value));
    });
  }
}
