// What a person asks for happens at once, with real worker processes: seen where the bytes come from.
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { forkWorker } from '../../main/transport/process.ts';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import { livedClock } from '../support/lived.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';

const PROMPT_MS = 250;

test('pausing, going on, removing and ending take effect within 250 ms, over several processes', async () => {
  const origin = await originForTest();
  const paths = ['/a', '/b', '/c', '/d'];
  for (const each of paths) origin.serve(each, { sizeBytes: 500_000_000, bytesPerS: 2_000_000 });
  const dir = tempDir();
  const worker = fileURLToPath(new URL('../../main/worker.ts', import.meta.url));
  const overrides = { workers: 2, parallel: 4, connectionsPerDownload: 2, dir: path.join(dir, 'files') };
  const engine = new Engine({ dataDir: path.join(dir, 'data'), spawnWorker: () => forkWorker(worker), overrides });
  const call = async <N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>> => {
    const result = await answer(calls, engine.handlers, name, arg);
    if (!result.ok) throw new Error(result.error.message);
    return result.value as CallResult<N>;
  };
  const open = () => paths.filter((each) => origin.requests(each).some((seen) => seen.open));
  const lived = livedClock();
  const takes = async (act: () => Promise<unknown>, isSo: () => boolean): Promise<number> => {
    const from = lived();
    const done = act();
    while (!isSo() && lived() - from < 20 * PROMPT_MS) await pause(2);
    const tookMs = lived() - from;
    await done;
    return tookMs;
  };
  try {
    engine.start();
    const { ids } = await call('add', { downloads: paths.map((each) => ({ url: origin.url(each) })) });
    await Promise.all(paths.map((each) => origin.served(each, 1_000_000)));
    const which = { ids };
    const tookMs: Record<string, number> = {};
    tookMs['pause'] = await takes(
      () => call('pause', which),
      () => open().length === 0,
    );
    tookMs['resume'] = await takes(
      () => call('resume', which),
      () => open().length === paths.length,
    );
    tookMs['remove'] = await takes(
      () => call('remove', { which: { ids: ids.slice(0, 2) }, deleteFiles: false }),
      () => open().length === 2,
    );
    tookMs['end'] = await takes(
      () => engine.close(),
      () => open().length === 0,
    );
    for (const [what, ms] of Object.entries(tookMs)) expect(ms, what).toBeLessThan(PROMPT_MS);
  } finally {
    await engine.close();
  }
});
