// Every moment at which a download can be killed: after each, the same command brings exact files and leaves nothing over.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { contentBytes, contentSha256, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { lanes } from '../support/lanes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';
import { keepMark, MARK } from '../support/mark.ts';
import { rowsIn, runTraced, testWithStrace, type Fault, type Ran } from './faults-support.ts';

const sizes = [3_400_000, 5000, 0, 70_000];
const contents = sizes.map((sizeBytes, seed) => seededContent(sizeBytes, seed));
const names = sizes.map((_, n) => `f${n}.bin`);
/** So many runs at once. */
const SIDE_BY_SIDE = 3;
/** A run that is never hit has fewer calls than this. */
const CALLS_MAX = 60;

async function origin(): Promise<Origin> {
  const started = await startOrigin();
  onTestFinished(() => started.close());
  for (const [seed, sizeBytes] of sizes.entries()) {
    // Slow enough that several flushes and commits come before the end, and segments are a MiB each.
    started.serve(`/${names[seed]}`, { sizeBytes, seed, bytesPerS: 8_000_000 });
  }
  return started;
}

const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');

type Place = {
  dir: string;
  data: string;
  files: string;
  args: string[];
  paths: Record<'files' | 'database', string[]>;
};

function place(dir: string, server: Origin, lane: string): Place {
  const data = path.join(dir, 'data');
  const files = path.join(dir, 'files');
  const parts = names.map((name, n) => path.join(files, `${name}.${MARK}-${n + 1}.sluice-part`));
  const onDisk = [files, ...parts, ...names.map((name) => path.join(files, name))];
  const database = ['sluice.db', 'sluice.db-wal', 'sluice.db-journal'].map((name) => path.join(data, name));
  keepMark(data);
  const words = ['--workers', '1', '--connections', '3', '--lane', lane, '--json', '--exit'];
  return {
    dir,
    data,
    files,
    args: ['--data', data, '--dir', files, ...words, ...names.map((name) => server.url(`/${name}`))],
    paths: { files: onDisk, database: [...onDisk, ...database] },
  };
}

/** What the database claims of unfinished files is there, and what it calls done is exact. */
function expectClaimsHold({ data, dir, files }: Place, when: string): void {
  if (!fs.existsSync(path.join(data, 'sluice.db'))) return;
  for (const { id, name, part_name: part, status, extents } of rowsIn(data, path.join(dir, 'copy'))) {
    const content = contents[id - 1]!;
    if (status === 'done') {
      expect(sha256(path.join(files, name)), `${when}: ${name}`).toBe(contentSha256(content));
      expect(extents, `${when}: ${name} has no unfinished file any more`).toEqual([]);
    }
    if (extents.length === 0) continue;
    // Between taking its name and the telling, it has both names.
    const bytes = fs.readFileSync(path.join(files, part));
    for (const [start, end] of extents) {
      const same = bytes.subarray(start, end).equals(contentBytes(content, start, end));
      expect(same, `${when}: ${part} holds ${start}-${end}`).toBe(true);
    }
  }
}

async function expectGoesOn(at: Place, when: string): Promise<void> {
  const program = sluice(at.args);
  expect(await program.ended, `${when}: ${program.stdout()}${program.stderr()}`).toBe(0);
  expect(fs.readdirSync(at.files).sort(), when).toEqual(names);
  for (const [n, name] of names.entries()) {
    expect(sha256(path.join(at.files, name)), `${when}: ${name}`).toBe(contentSha256(contents[n]!));
  }
}

/** The notes are of a start of the system that is over then. */
function losePower({ data }: Place, { unsynced }: Ran, how: 'cut' | 'garbage'): void {
  unsynced.lose(how);
  fs.rmSync(path.join(data, 'parts'), { recursive: true, force: true });
  fs.rmSync(path.join(data, 'sluice.db-shm'), { force: true });
}

/** Kills at the first such call, at the second, and so on until a run has no more of them. Returns how many there were. */
async function killAtEach(server: Origin, lane: string, calls: string, what: 'files' | 'database', threads = 1) {
  const top = tempDir();
  let next = 1;
  let points = 0;
  let over = false;
  let lostBytes = 0;
  const runPoints = async (): Promise<void> => {
    while (!over) {
      const nth = next++;
      expect(nth).toBeLessThan(CALLS_MAX);
      const when = `killed at ${calls} ${nth} (${lane} lane, ${what})`;
      const at = place(path.join(top, String(nth)), server, lane);
      const fault: Fault = { calls, paths: at.paths[what], nth };
      const ran = await runTraced(at.args, fault, threads);
      if (!ran.hit) {
        expect(ran.status, `${when}: ${ran.stderr}`).toBe(0);
        over = true;
        return;
      }
      points += 1;
      expectClaimsHold(at, when);
      // Of those that look at the files alone every second one.
      if (what === 'database' || nth % 2 === 0) {
        lostBytes += ran.unsynced.bytes;
        losePower(at, ran, nth % (what === 'database' ? 2 : 4) === 0 ? 'cut' : 'garbage');
        expectClaimsHold(at, `${when}, without power`);
      }
      await expectGoesOn(at, when);
      fs.rmSync(at.dir, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runPoints));
  return { points, lostBytes };
}

for (const lane of lanes) {
  const writes = lane === 'direct' ? 'pwrite64' : 'pwritev';

  testWithStrace(`killed at each write to a part file, all ends exact (${lane} lane)`, async () => {
    const { points } = await killAtEach(await origin(), lane, writes, 'files');
    expect(points).toBeGreaterThan(5);
  });

  testWithStrace(
    `power lost at each commit, only what was flushed remains, all ends exact (${lane} lane)`,
    async () => {
      const { points, lostBytes } = await killAtEach(await origin(), lane, 'fsync', 'database', 4);
      expect(points).toBeGreaterThan(8);
      expect(lostBytes).toBeGreaterThan(100_000);
    },
  );
}

testWithStrace('killed at each flush and each naming of a file, all ends exact', async () => {
  const server = await origin();
  // Both lanes share what comes after the writing.
  const lane = 'direct';
  expect((await killAtEach(server, lane, 'fdatasync', 'files')).points).toBeGreaterThan(0);
  expect((await killAtEach(server, lane, 'fsync', 'files')).points).toBeGreaterThan(names.length);
  // Counted by each thread for itself: where the disk is slow some of them are made by another one.
  for (const calls of ['link', 'unlink']) {
    const { points } = await killAtEach(server, lane, calls, 'files');
    expect(points).toBeGreaterThanOrEqual(names.length / 2);
    expect(points).toBeLessThanOrEqual(names.length);
  }
});

const PART = `f0.bin.${MARK}-1.sluice-part`;

/** Kills at each such call of a single download, `before` which something was done; with and without power. */
async function killAlone(calls: string, fault: Partial<Fault>, prepare: (at: Place, server: Origin) => Promise<void>) {
  let points = 0;
  for (let nth = 1; ; nth += 1) {
    for (const power of [true, false]) {
      const server = await origin();
      const at = place(tempDir(), server, 'direct');
      const args = [...at.args.slice(0, -names.length), server.url('/f0.bin')];
      await prepare(at, server);
      const paths = [...at.paths.files, path.join(at.files, `${PART}.new`)];
      const ran = await runTraced(args, { ...fault, calls, paths, nth });
      const when = `killed at ${calls} ${nth}, ${power ? 'with' : 'without'} power`;
      if (!ran.hit) {
        expect(ran.status, `${when}: ${ran.stderr}`).toBe(0);
        return points;
      }
      if (!power) losePower(at, ran, 'garbage');
      const again = await runTraced(args, { ...fault, calls: 'rename', paths, nth: 1000 });
      expect(again.status, `${when}: ${again.stderr}`).toBe(0);
      expect(fs.readdirSync(at.files), when).toEqual(['f0.bin']);
      expect(sha256(path.join(at.files, 'f0.bin')), when).toBe(contentSha256(contents[0]!));
    }
    points += 1;
  }
}

testWithStrace('killed as newer content takes the place of older, all ends exact', async () => {
  const olderThere = async ({ args, files }: Place, server: Origin): Promise<void> => {
    const [sizeBytes, seed] = [sizes[0]!, 9];
    server.serve('/f0.bin', { sizeBytes, seed, bytesPerS: 3_000_000 });
    const first = sluice([...args.slice(0, -names.length), server.url('/f0.bin')]);
    await server.served('/f0.bin', 1_000_000);
    first.child.kill('SIGTERM');
    await first.ended;
    expect(fs.readdirSync(files)).toEqual([PART]);
    server.serve('/f0.bin', { sizeBytes, seed: 0, bytesPerS: 8_000_000 });
  };
  expect(await killAlone('rename', {}, olderThere)).toBe(1);
});

testWithStrace('killed as a file gets its only name, where it cannot have two, all ends exact', async () => {
  expect(await killAlone('rename', { unknown: 'link' }, async () => {})).toBe(1);
  expect(await killAlone('fsync', { unknown: 'link' }, async () => {})).toBeGreaterThan(1);
});
