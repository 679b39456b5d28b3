// Engines without a network: what their tests share.
import Database from 'better-sqlite3';
import { afterEach, beforeEach } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import type { Row, Validators } from '../../shared/download.ts';
import { Engine, type EngineOptions } from '../../main/engine/engine.ts';
import { expectSaid } from '../support/said.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Of the running test. */
export let dir: string;
/** Closed when it ends. */
export const engines: Engine[] = [];

beforeEach(() => {
  dir = tempDir();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

export function start(
  spawnWorker: EngineOptions['spawnWorker'],
  settings: EngineOptions['overrides'] = {},
  now: () => number = Date.now,
): Engine {
  const overrides = { workers: 1, dir: `${dir}/files`, ...settings };
  const engine = new Engine({ dataDir: `${dir}/data`, spawnWorker, overrides, now });
  engines.push(engine);
  engine.start();
  return engine;
}

/** Before the test ends. */
export async function stop(engine: Engine): Promise<void> {
  engines.splice(engines.indexOf(engine), 1);
  await engine.close();
}

export async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) {
    expectSaid(result.error);
    throw new Error(`${result.error.code}: ${result.error.message}`);
  }
  return result.value as CallResult<N>;
}

export const add = async (engine: Engine, ...urls: string[]) =>
  (await call(engine, 'add', { downloads: urls.map((url) => ({ url })) })).ids;
export const everything = {};
export async function rows(engine: Engine): Promise<Row[]> {
  return (await call(engine, 'list', { query: everything, offset: 0, limit: 100 })).rows;
}
export const statuses = async (engine: Engine) => (await rows(engine)).map(({ status }) => status);

/** What another process reads of the only download: what is committed. */
export function committedExtents(): unknown {
  const db = new Database(`${dir}/data/sluice.db`, { readonly: true });
  try {
    return JSON.parse(db.prepare('SELECT extents FROM downloads').pluck().get() as string);
  } finally {
    db.close();
  }
}

export const validators = (finalUrl: string, totalBytes = 100): Validators => ({
  etag: '"a"',
  lastModified: null,
  date: null,
  totalBytes,
  finalUrl,
  contentType: null,
  ranges: true,
});
