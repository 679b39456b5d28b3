// A Bridge to a list in memory: what the window's classes talk to in their tests.
import { ApiError } from '../../shared/answer.ts';
import type { CallName, EngineEvent, ListQuery } from '../../shared/api.ts';
import type { Row } from '../../shared/download.ts';
import type { Bridge, ShellEvent } from '../../shared/shell-api.ts';

export function aRow(id: number, more: Partial<Row> = {}): Row {
  return {
    id,
    url: `https://files.example/${id}.bin`,
    name: `${id}.bin`,
    host: 'files.example',
    dir: '/downloads',
    category: 'other',
    status: 'queued',
    sizeBytes: null,
    doneBytes: 0,
    bytesPerS: 0,
    connections: 0,
    segments: [],
    failure: null,
    waiting: null,
    worker: null,
    verified: false,
    priority: 'normal',
    position: id,
    addedAt: 0,
    finishedAt: null,
    ...more,
  };
}

export class FakeBridge implements Bridge {
  rows: Row[] = [];
  revision = 1;
  /** Every engine call so far. */
  asked: { name: string; arg: unknown }[] = [];
  /** What calls answer that are not about the list; a function of their argument. */
  answers: Record<string, (arg: never) => unknown> = {};
  /** While set, answers wait for it. */
  gate: Promise<void> | null = null;
  #listeners = new Set<(event: EngineEvent | ShellEvent) => void>();

  constructor(count = 0) {
    this.rows = Array.from({ length: count }, (_, i) => aRow(i + 1));
  }

  readonly call: Bridge['call'] = async (name, arg) => {
    this.asked.push({ name, arg });
    const value = this.#answer(name, arg);
    if (this.gate) await this.gate;
    if (value instanceof ApiError) return { ok: false, error: value.told };
    if (value instanceof Error) return { ok: false, error: { code: 'internal', message: value.message } };
    return { ok: true, value: structuredClone(value) as never };
  };

  readonly shell: Bridge['shell'] = async (name, arg) => {
    this.asked.push({ name, arg });
    const value = this.answers[name]?.(arg as never) ?? null;
    return { ok: true, value: value as never };
  };

  readonly onEvent: Bridge['onEvent'] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly pathOf = (): string => '';

  tell(event: EngineEvent | ShellEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  times(name: CallName): number {
    return this.asked.filter((one) => one.name === name).length;
  }

  #answer(name: CallName, arg: unknown): unknown {
    const own = this.answers[name];
    if (own) return own(arg as never);
    const { query, offset, limit } = (arg ?? {}) as { query: ListQuery; offset: number; limit: number };
    switch (name) {
      case 'overview':
        return { counts: this.counts(), totals: noTotals, revision: this.revision };
      case 'list': {
        const rows = this.#find(query);
        return { rows: rows.slice(offset, offset + limit), total: rows.length, revision: this.revision };
      }
      case 'listIds':
        return {
          ids: this.#find(query)
            .slice(offset, offset + limit)
            .map(({ id }) => id),
        };
      default:
        return null;
    }
  }

  counts() {
    const of = (status: Row['status']) => this.rows.filter((row) => row.status === status).length;
    return {
      all: this.rows.length,
      queued: of('queued'),
      running: of('running'),
      paused: of('paused'),
      done: of('done'),
      failed: of('failed'),
      categories: {},
    };
  }

  changed(running: Row[] = []): Extract<EngineEvent, { event: 'changed' }> {
    return { event: 'changed', revision: this.revision, counts: this.counts(), totals: noTotals, running };
  }

  #find(query: ListQuery): Row[] {
    return this.rows.filter(
      (row) => (query.status === 'all' || row.status === query.status) && row.name.includes(query.text),
    );
  }
}

const noTotals = {
  bytesPerS: 0,
  leftMs: null,
  freeBytes: null,
  limitBytesPerS: null,
  schedule: null,
  workers: 0,
  modeHere: 'working' as const,
  trouble: null,
};
