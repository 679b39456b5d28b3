// Ten thousand malformed messages to a real engine behind its door, by those who have the key: it lives, its memory stays, its real worker goes on.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { read } from '../../shared/schema.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { FromWorker, type Task, type ToWorker } from '../../shared/protocol.ts';
import { encodePiece, Offer } from '../../main/gateway/back/messages.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { memoryMiB } from '../support/memory.ts';
import { originForTest } from '../support/start.ts';
import { dice } from './dice.ts';
import { helper, house, type Address } from './house.ts';

const ROUNDS = 10_000;
const AT_ONCE = 32;
/** What may stay behind after the first fifth, in MiB: of the heap, and of the process as the system sees it. */
const GROWN_MAX = { heap: 24, rss: 192 };

const hello = { kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'x', runtime: 'x', slots: 1 };
const junk = [null, true, -1, 0.5, 2 ** 53, '', 'x', [], {}, [[]], [null], { kind: 'exit' }, 'x'.repeat(70_000), '\0'];

/** One good message of each kind about a lease. */
function goodOnes(lease: { id: number; epoch: number }): Record<string, unknown>[] {
  const validators = {
    etag: 'e',
    lastModified: null,
    date: null,
    totalBytes: 9,
    finalUrl: 'http://a.test/',
    ranges: true,
  };
  const failure = { code: 'internal', message: 'x', retry: 'soon' };
  return [
    hello,
    { kind: 'get', count: 1 },
    { kind: 'probed', ...lease, validators: { ...validators, contentType: null }, contentDisposition: null },
    { kind: 'saved', ...lease, extents: [[0, 5]], brought: [[0, 0, 5]] },
    { kind: 'progress', downloads: [{ ...lease, receivedBytes: 5, bytesPerS: 1, connections: 1, heldBy: ['all'] }] },
    { kind: 'event', ...lease, event: 'retrying', detail: { a: 1 } },
    {
      kind: 'exchange',
      ...lease,
      exchange: { url: 'x', status: 200, lane: 'fetch', request: [['a', 'b']], response: [] },
    },
    { kind: 'waiting', ...lease, wait: { until: 5, reason: 'retry' } },
    { kind: 'host-cap', host: 'a.test', connections: 1 },
    { kind: 'result', ...lease, outcome: { kind: 'failed', failure, extents: [[0, 5]] } },
    { kind: 'result', ...lease, outcome: { kind: 'done', path: '/x', sizeBytes: 5, sha256: null, verified: false } },
    { kind: 'vitals', rssBytes: 1, cpuMs: 1, loopDelayMs: 1, threads: { threads: 1, busy: 0, waiting: 0 } },
    { kind: 'offer', ...lease, sizeBytes: 5, sha256: 'a'.repeat(64) },
  ];
}

const isGood = (message: unknown) => read(FromWorker, message).success || read(Offer, message).success;

/** A good message with one thing in it, however deep, changed or taken away so that it is none. */
function malformed(good: Record<string, unknown>, { below, pick }: ReturnType<typeof dice>): unknown {
  for (;;) {
    const bad: Record<string, unknown> = structuredClone(good);
    let at = bad;
    let key = pick(...Object.keys(at));
    const isFull = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    while (isFull(at[key]) && below(4) > 0) {
      at = at[key] as Record<string, unknown>;
      key = pick(...Object.keys(at));
    }
    if (below(5) === 0) delete at[key];
    else at[key] = pick(...junk);
    const message = below(20) === 0 ? pick(...junk) : bad;
    if (!isGood(message)) return message;
  }
}

/** Joins under a name of its own and says hello, something proper, and then what makes no sense. Resolves once it was shown the door. */
async function attack(to: Address, round: number, chance: ReturnType<typeof dice>): Promise<void> {
  const port = await joinCoordinator({ ...to, id: `f${round}`, signal: new AbortController().signal });
  const closed = new Promise<void>((resolve) => port.onClose(() => resolve()));
  const { below, pick } = chance;
  const speak = ({ id, epoch }: { id: number; epoch: number }) => {
    const lease = { id, epoch };
    if (below(3) === 0) {
      port.send({ kind: 'offer', ...lease, sizeBytes: 100, sha256: 'a'.repeat(64) });
      port.send(encodePiece({ ...lease, offset: below(3), bytes: randomBytes(50) }));
    }
    for (let n = below(3); n > 0; n--) port.send(randomBytes(19 + below(64)));
    const good = pick(...goodOnes(lease));
    port.send(below(20) === 0 ? randomBytes(below(19)) : malformed(good, chance));
  };
  const task = new Promise<Task>((resolve) => {
    port.onMessage((raw) => {
      const message = raw as ToWorker;
      if (message.kind === 'tasks') resolve(message.tasks[0]!);
    });
  });
  port.send(hello);
  // One in eight has a download of its own, and speaks of that.
  const leases = round % 8 === 0;
  if (leases) port.send({ kind: 'get', count: 1 });
  speak(leases ? await task : { id: 1 + below(50), epoch: 1 + below(50) });
  await closed;
}

test('an engine and its door', { timeout: 240_000 }, async () => {
  const { engine, to, add, row } = await house();
  // Each at a host of its own, so that there is one for all who ask.
  const ids = await add(Array.from({ length: 40 }, (_, n) => `http://127.0.0.${n + 2}:9/f${n}.bin`));
  const chance = dice(8);
  let before: ReturnType<typeof memoryMiB> | undefined;
  for (let round = 0; round < ROUNDS;) {
    const batch: Promise<void>[] = [];
    for (; batch.length < AT_ONCE && round < ROUNDS; round++) batch.push(attack(to, round, chance));
    await Promise.all(batch);
    if (round > ROUNDS / 5) before ??= memoryMiB();
  }
  await expect.poll(() => engine.view.traffic(0).workers).toEqual([]);
  const after = memoryMiB();
  expect(after.heap - before!.heap).toBeLessThan(GROWN_MAX.heap);
  expect(after.rss - before!.rss).toBeLessThan(GROWN_MAX.rss);
  await expect
    .poll(async () => new Set(await Promise.all(ids.map(async (id) => (await row(id)).status))))
    .toEqual(new Set(['queued']));
  await engine.handlers.pause({ ids });
  const origin = await originForTest();
  origin.serve('/real.bin', { sizeBytes: 5000, seed: 1 });
  const [real] = await add([origin.url('/real.bin')]);
  helper(to, 'real');
  await expect.poll(async () => (await row(real!)).status, { timeout: 30_000 }).toBe('done');
});
