// Files that a worker elsewhere sends back: a real engine behind a real door, real downloads, and lines that are cut.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WINDOW_BYTES } from '../../../main/gateway/back/messages.ts';
import { contentSha256, seededContent } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';
import { helper, house } from '../house.ts';
import { MIB, patient, sha256 } from './back-for-test.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A line to a port that counts what goes up; once `afterBytes` have, it is cut or held until `let go`, once. */
async function line(to: number, how: 'cut' | 'hold', afterBytes: number) {
  let upBytes = 0;
  let cuts = 0;
  let reached = () => {};
  let letGo = () => {};
  const there = new Promise<void>((resolve) => (reached = resolve));
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
    near.on('data', (chunk: Buffer) => {
      upBytes += chunk.length;
      if (upBytes < afterBytes || cuts > 0) return;
      cuts++;
      reached();
      if (how === 'cut') return near.destroy();
      near.unpipe(far);
      near.pause();
      letGo = () => near.pipe(far);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  return { port, upBytes: () => upBytes, there, letGo: () => letGo() };
}

test('files of all sizes come back whole to the folder they were meant for, and none stays with the helper', async () => {
  const { to, add, allDone, dir, engine, dataDir } = await house();
  const origin = await originForTest();
  const sizes = [0, 1, 100_000, 70 * MIB, 3 * MIB + 17, ...Array.from({ length: 20 }, (_, n) => 5000 + n)];
  sizes.forEach((sizeBytes, n) => origin.serve(`/f${n}.bin`, { sizeBytes, seed: n }));
  await add(sizes.map((_, n) => origin.url(`/f${n}.bin`)));
  const there = helper(to);
  await expect.poll(allDone, patient).toBe(true);
  for (const [n, sizeBytes] of sizes.entries()) {
    expect(sha256(path.join(dir, `f${n}.bin`)), `f${n}.bin`).toBe(contentSha256(seededContent(sizeBytes, n)));
  }
  const { rows } = await engine.handlers.list({
    query: { status: 'done', text: '', category: null, host: null, sort: 'position', descending: false },
    offset: 0,
    limit: 100,
  });
  expect(rows.map(({ name }) => name)).toEqual(sizes.map((_, n) => `f${n}.bin`));
  await expect.poll(() => fs.readdirSync(there.dir), patient).toEqual([]);
  await expect.poll(() => fs.readdirSync(dir), patient).toHaveLength(sizes.length);
  await expect.poll(() => fs.readdirSync(path.join(dataDir, 'parts')), patient).toEqual([]);
});

test("what is said of a file that comes back is among the messages of its worker's pipes, by name and size", async () => {
  const { to, add, allDone, engine } = await house();
  const origin = await originForTest();
  origin.serve('/named.bin', { sizeBytes: 40_000, seed: 1 });
  const [id] = await add([origin.url('/named.bin')]);
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
  const of = (kind: string) => engine.view.messages(0).filter((one) => one.kind === kind);
  const pieces = of('piece');
  const asides = [...of('offer'), ...of('credit').slice(0, 1), ...pieces];
  expect(asides.map(({ pipe, kind }) => `${pipe.replace(/\d+/, 'N')}: ${kind}`)).toEqual([
    'worker N > engine: offer',
    'engine > worker N: credit',
    'worker N > engine: piece',
    'worker N > engine: piece',
  ]);
  for (const one of asides) expect(one).toMatchObject({ downloadId: id, text: expect.stringMatching(/named\.bin/) });
  expect(pieces.map(({ text }) => (JSON.parse(text) as { sizeBytes: number }).sizeBytes)).toEqual([32_768, 7232]);
  // The bytes of the file count where it is said how big a message was.
  expect(pieces[0]!.sizeBytes - pieces[1]!.sizeBytes).toBeGreaterThan(25_000);
});

test('a line that is cut while a file comes back goes on from what is durable', async () => {
  const { to, add, allDone, dir } = await house();
  const origin = await originForTest();
  const sizeBytes = 12 * MIB;
  origin.serve('/big.bin', { sizeBytes, seed: 3 });
  await add([origin.url('/big.bin')]);
  const cut = await line(to.port, 'cut', 6 * MIB);
  helper({ ...to, port: cut.port });
  await cut.there;
  await expect.poll(allDone, patient).toBe(true);
  // No more was on its way than a window, and what had come was made durable.
  expect(cut.upBytes()).toBeLessThan(sizeBytes + 2 * WINDOW_BYTES);
  expect(origin.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.5);
  expect(sha256(path.join(dir, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes, 3)));
});

test('a name that is taken on the disk here gives the file a number', async () => {
  const { to, add, allDone, dir } = await house();
  const origin = await originForTest();
  origin.serve('/a.bin', { sizeBytes: 5000, seed: 1 });
  fs.writeFileSync(path.join(dir, 'a.bin'), 'mine');
  await add([origin.url('/a.bin')]);
  helper(to);
  await expect.poll(allDone, patient).toBe(true);
  expect(fs.readFileSync(path.join(dir, 'a.bin'), 'utf8')).toBe('mine');
  expect(sha256(path.join(dir, 'a (1).bin'))).toBe(contentSha256(seededContent(5000, 1)));
});

test('a pause while a file comes back stops it, and it goes on later without being fetched again', async () => {
  const { to, add, allDone, dir, engine, row } = await house();
  const origin = await originForTest();
  const sizeBytes = 12 * MIB;
  origin.serve('/big.bin', { sizeBytes, seed: 4 });
  const ids = await add([origin.url('/big.bin')]);
  const held = await line(to.port, 'hold', 6 * MIB);
  helper({ ...to, port: held.port });
  await held.there;
  await engine.handlers.pause({ ids });
  held.letGo();
  await expect.poll(async () => (await row(ids[0]!)).worker, patient).toBe(null);
  expect(await row(ids[0]!)).toMatchObject({ status: 'paused' });
  expect(held.upBytes()).toBeLessThan(6 * MIB + 2 * WINDOW_BYTES);
  await engine.handlers.resume({ ids });
  await expect.poll(allDone, patient).toBe(true);
  expect(held.upBytes()).toBeLessThan(sizeBytes + 3 * WINDOW_BYTES);
  expect(origin.bytesServed('/big.bin')).toBeLessThan(sizeBytes * 1.5);
  expect(sha256(path.join(dir, 'big.bin'))).toBe(contentSha256(seededContent(sizeBytes, 4)));
});
