// The bench must measure what it says, and never time a wrong file.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { wrongIn } from '../../scripts/bench/check.mjs';
import { canMeasure, measure } from '../../scripts/bench/measure.mjs';
import { makeFile, startOrigin } from '../../scripts/bench/origin.mjs';
import { median, outcomes, table } from '../../scripts/bench/table.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { tempDir } from '../support/temp-dir.ts';

const MiB = 1 << 20;
const script = join(root, 'scripts', 'bench.mjs');
const figures = {
  wallS: 1,
  cpuS: 1,
  peakRssBytes: MiB,
  peakPssBytes: MiB,
  halfwayRssBytes: MiB,
  startS: 0,
  databaseShare: 0,
};
const work = {
  name: 'one',
  title: 'one',
  kind: 'big' as const,
  target: 'tmpfs' as const,
  base: () => '',
  files: [{ name: 'a', sizeBytes: MiB, sha256: '' }],
  connections: 1,
  parallel: 1,
  targets: [],
};

function program(dir: string, name: string, lines: string): void {
  writeFileSync(join(dir, name), `#!/bin/bash\n${lines}\n`);
  chmodSync(join(dir, name), 0o755);
}

test.runIf(canMeasure())(
  'runs the real program against a real origin, and writes every figure',
  async () => {
    const json = join(tempDir(), 'figures.json');
    const args = ['--quick', '--tools', 'none', '--only', 'http,small,queued,database', '--json', json];
    const { stdout } = await execa(process.execPath, [script, ...args]);
    const { works } = JSON.parse(readFileSync(json, 'utf8'));
    expect(works.map(({ name }: { name: string }) => name)).toEqual(['http', 'small', 'queued', 'database']);
    for (const { rows } of works) {
      const [{ tool, runs, wrong }] = rows;
      expect({ tool, wrong }).toEqual({ tool: 'sluice', wrong: [] });
      expect(runs[0].cpuS).toBeGreaterThan(0.05);
      expect(runs[0].peakRssBytes).toBeGreaterThan(20 * MiB);
    }
    expect(works[2].rows[0].runs[0].startS).toBeGreaterThan(0);
    expect(works[3].rows[0].runs[0].databaseShare).toBeGreaterThan(0);
    expect(stdout).toMatch(/^sluice +\d+\.\d\d +/m);
  },
  120_000,
);

test.runIf(canMeasure())(
  'a peer that leaves a wrong file or an error is said to, and is not timed',
  async () => {
    const dir = tempDir();
    program(dir, 'curl', 'if [ "$1" = --version ]; then echo curl 1.2.3; else head -c 16777216 /dev/zero >big.bin; fi');
    program(dir, 'axel', 'if [ "$1" = --version ]; then echo axel 4.5.6; else echo no such host >&2; exit 3; fi');
    const { stdout } = await execa(process.execPath, [script, '--quick', '--tools', 'curl,axel', '--only', 'http'], {
      env: { PATH: `${dir}:${process.env['PATH']}` },
    });
    expect(stdout).toContain('curl 1.2.3, axel 4.5.6');
    expect(stdout).toMatch(/^curl +WRONG: big.bin has other bytes$/m);
    expect(stdout).toMatch(/^axel +FAILED: exit 3: no such host$/m);
  },
  60_000,
);

test.runIf(canMeasure())(
  'leaves neither files nor a server behind when it is stopped',
  async () => {
    const dir = tempDir();
    program(dir, 'curl', 'if [ "$1" = --version ]; then echo curl 1.2.3; else pwd >"$0.at"; sleep 60; fi');
    const bench = execa(process.execPath, [script, '--quick', '--tools', 'curl', '--only', 'http'], {
      env: { PATH: `${dir}:${process.env['PATH']}` },
      reject: false,
    });
    await expect.poll(() => existsSync(join(dir, 'curl.at')), { timeout: 60_000 }).toBe(true);
    const place = dirname(dirname(readFileSync(join(dir, 'curl.at'), 'utf8').trim()));
    expect(existsSync(place)).toBe(true);
    bench.kill('SIGTERM');
    expect((await bench).exitCode).toBe(143);
    expect(existsSync(place)).toBe(false);
  },
  90_000,
);

test.runIf(canMeasure())('counts the time and memory of children, also of those that nobody waits for', async () => {
  const scratch = tempDir();
  const busy =
    'const held = Buffer.alloc(64 << 20, 1); const end = Date.now() + 600; while (Date.now() < end); process.exit(held[0] - 1);';
  const waited = await measure(
    { command: 'bash', args: ['-c', `"${process.execPath}" -e '${busy}'; exit 5`] },
    { scratch, timeoutMs: 20_000 },
  );
  expect(waited.status).toBe(5);
  expect(waited.cpuS).toBeGreaterThan(0.15);
  expect(waited.wallS).toBeGreaterThan(0.55);
  expect(waited.peakRssBytes).toBeGreaterThan(64 * MiB);
  const left = await measure(
    { command: 'bash', args: ['-c', `"${process.execPath}" -e '${busy}' & sleep 0.55`] },
    { scratch, timeoutMs: 20_000 },
  );
  expect(left.cpuS).toBeGreaterThan(0.1);
});

test.runIf(canMeasure())('stops what takes too long, with its children', async () => {
  const scratch = tempDir();
  const { status, wallS } = await measure(
    { command: 'bash', args: ['-c', 'sleep 60 & sleep 60; wait'] },
    { scratch, timeoutMs: 200 },
  );
  expect(status).toBeNull();
  expect(wallS).toBeLessThan(10);
});

test('finds a missing, a short and a changed file', async () => {
  const dir = tempDir();
  const served = [makeFile(dir, 'a.bin', 3 * MiB), makeFile(dir, 'b.bin', 100)];
  expect(await wrongIn(dir, served)).toBeNull();
  expect(await wrongIn(dir, [{ name: 'sub/c.bin', sizeBytes: 1, sha256: '' }])).toBe('c.bin is missing');
  const bytes = readFileSync(join(dir, 'a.bin'));
  // The same bytes with two pieces in each other's place.
  writeFileSync(join(dir, 'a.bin'), Buffer.concat([bytes.subarray(MiB), bytes.subarray(0, MiB)]));
  expect(await wrongIn(dir, served)).toBe('a.bin has other bytes');
  writeFileSync(join(dir, 'a.bin'), bytes.subarray(1));
  expect(await wrongIn(dir, served)).toBe(`a.bin has ${3 * MiB - 1} bytes of ${3 * MiB}`);
});

test('the pacing origin keeps its pace, lets one connection crawl, and tells when it was asked', async () => {
  const [scratch, folder] = [tempDir(), tempDir()];
  const file = makeFile(folder, 'a.bin', MiB);
  const origin = await startOrigin(scratch, folder);
  onTestFinished(() => origin.stop());
  const seconds = async (base: string, from: number, to: number) => {
    const startedAt = performance.now();
    const response = await fetch(`${base}/${file.name}`, {
      headers: { range: `bytes=${from}-${to}`, connection: 'close' },
    });
    expect(response.status).toBe(206);
    expect((await response.arrayBuffer()).byteLength).toBe(to - from + 1);
    return (performance.now() - startedAt) / 1000;
  };
  const paced = origin.paced('one', 2 * MiB, 2);
  expect(await seconds(paced, 0, MiB - 1)).toBeGreaterThan(0.4);
  expect(await seconds(paced, 0, 16_383)).toBeGreaterThan(0.35);
  expect(await seconds(origin.paced('two', 2 * MiB, 0), 0, 16_383)).toBeLessThan(0.3);
  const asked = origin.asked('three');
  const sentAt = Date.now();
  const stop = new AbortController();
  const held = fetch(`${origin.held('three')}/x`, { signal: stop.signal }).catch(() => null);
  expect(await asked).toBeGreaterThanOrEqual(sentAt);
  stop.abort();
  expect(await held).toBeNull();
});

test('medians, ratios and what was to be reached', () => {
  expect([median([3]), median([9, 1, 5]), median([4, 1, 2, 9])]).toEqual([3, 5, 3]);
  const rows = [
    { tool: 'sluice', runs: [1, 9, 2].map((wallS) => ({ ...figures, wallS })), wrong: [], able: true },
    { tool: 'other', runs: [{ ...figures, wallS: 4, cpuS: 0.5 }], wrong: ['x is missing'], able: true },
  ];
  const [, , other = ''] = table(work, rows).split('\n');
  expect(other.split(/\s{2,}/)).toEqual([
    'other',
    '4.00',
    '4.00-4.00',
    '0',
    '0.50',
    '1',
    '1',
    '0.50',
    '2.00',
    'WRONG in 1 of 2: x is missing',
  ]);
  const targets = [
    { title: 'a', value: () => 0.7, limit: 0.7 },
    { title: 'b', value: () => 0.7, limit: 0.71, sense: 'at least' as const },
    { title: 'c', value: () => undefined, limit: 1 },
  ];
  expect(outcomes({ ...work, targets }, () => undefined).map(({ title, reached }) => [title, reached])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});
