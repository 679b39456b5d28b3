// A new link: what is here is kept when its bytes are the same, whatever the two servers say of theirs.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { forkWorker } from '../../main/transport/process.ts';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import { contentBytes, seededContent, type Behaviour } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

const SIZE = 3_000_000;
const worker = fileURLToPath(new URL('../../main/worker.ts', import.meta.url));

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

async function call<N extends CallName>(engine: Engine, name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) throw new Error(result.error.message);
  return result.value as CallResult<N>;
}

test.each<[string, Behaviour, boolean]>([
  ['another tag over the same bytes keeps them', { etag: '"new"' }, true],
  ['no tag over the same bytes keeps them', { etag: null }, true],
  ['the same tag over other bytes starts anew', { etag: '"old"', seed: 2 }, false],
  ['another tag over other bytes starts anew', { etag: '"new"', seed: 2 }, false],
])('%s', async (_, behaviour, kept) => {
  const [before, after] = [await originForTest(), await originForTest()];
  before.serve('/f.bin', { sizeBytes: SIZE, etag: '"old"', bytesPerS: 2_000_000 });
  after.serve('/g.bin', { sizeBytes: SIZE, ...behaviour });
  const dir = tempDir();
  const files = path.join(dir, 'files');
  const overrides = { workers: 1, connectionsPerDownload: 1, dir: files };
  const engine = new Engine({ dataDir: path.join(dir, 'data'), spawnWorker: () => forkWorker(worker), overrides });
  engines.push(engine);
  engine.start();
  const { ids } = await call(engine, 'add', { downloads: [{ url: before.url('/f.bin') }] });
  await before.served('/f.bin', 1_500_000);
  await call(engine, 'setUrl', { id: ids[0]!, url: after.url('/g.bin') });
  await vi.waitFor(async () =>
    expect(await call(engine, 'detail', { id: ids[0]! })).toHaveProperty('row.status', 'done'),
  );
  const content = contentBytes(seededContent(SIZE, behaviour.seed ?? 1));
  expect(fs.readFileSync(path.join(files, 'f.bin')).equals(content)).toBe(true);
  expect(after.bytesServed('/g.bin') < SIZE).toBe(kept);
  const kinds = (await call(engine, 'detail', { id: ids[0]! }))!.events.map(({ kind }) => kind);
  expect(kinds.includes('restarted-from-zero')).toBe(!kept);
  expect(kinds).toContain('overlap-compared');
});
