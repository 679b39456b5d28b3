// Lists in the order of what only running downloads have: their speed, and the time that is left of them.
import type { ListQuery } from '../../../shared/api.ts';
import type { DownloadId } from '../../../shared/download.ts';
import type { Lease } from './lease.ts';
import type { ListTable } from '../store/list-table.ts';

/** So long an order holds: rows that changed their places with every sample could not be read, nor hit with a pointer. */
const HOLDS_MS = 2000;

type LiveSort = 'speed' | 'left';
type Now = { leases: readonly Lease[]; list: ListTable; now: number };

export function isLive({ sort }: ListQuery): boolean {
  return sort === 'speed' || sort === 'left';
}

export class LiveOrder {
  #held = { key: '', at: 0, ids: [] as DownloadId[] };

  /** A page of the list: the running ones first, in either direction; all others after them, in the queue's order. */
  ids(query: ListQuery, { leases, list, now }: Now, offset: number, limit: number): DownloadId[] {
    const running = leases.filter(({ ahead, ending }) => !ahead && ending === null);
    const found = new Set(
      list.selectedAmong(
        { query },
        running.map(({ id }) => id),
      ),
    );
    const key = JSON.stringify(query);
    if (this.#held.key !== key || now < this.#held.at || now - this.#held.at >= HOLDS_MS) {
      const ids = sorted(
        running.filter(({ id }) => found.has(id)),
        query,
      );
      this.#held = { key, at: now, ids };
    }
    const first = this.#held.ids.filter((id) => found.has(id));
    const taken = new Set(first);
    const rest = list.sorted.of({ ...query, sort: 'position', descending: false }).filter((id) => !taken.has(id));
    return [...first.slice(offset, offset + limit), ...pageOf(rest, offset - first.length, limit)];
  }
}

/** The entries of `rest` that are on a page that begins `offset` (maybe before it) and has `limit` entries. */
function pageOf(rest: readonly DownloadId[], offset: number, limit: number): readonly DownloadId[] {
  return rest.slice(Math.max(0, offset), Math.max(0, offset + limit));
}

/** What is not known comes last. */
function sorted(leases: readonly Lease[], { sort, descending }: ListQuery): DownloadId[] {
  const keyed = leases.map((lease) => ({ id: lease.id, key: keyOf(lease, sort as LiveSort) }));
  const by = (a: number, b: number) => (descending ? b - a : a - b);
  keyed.sort((a, b) =>
    a.key === null || b.key === null
      ? Number(a.key === null) - Number(b.key === null) || a.id - b.id
      : by(a.key, b.key) || a.id - b.id,
  );
  return keyed.map(({ id }) => id);
}

/** Bytes a second, or the seconds that are left; null when nothing can be said. */
function keyOf({ bytesPerS, receivedBytes, stored }: Lease, sort: LiveSort): number | null {
  if (bytesPerS < 1) return null;
  if (sort === 'speed') return bytesPerS;
  return stored.sizeBytes === null ? null : (stored.sizeBytes - receivedBytes) / bytesPerS;
}
