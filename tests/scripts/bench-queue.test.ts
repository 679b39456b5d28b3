// The bench of the queues: every contestant answers, and what was to be reached is held against what was measured.
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import { testWithPython as test } from '../gateway/pythons.ts';

test(
  'measures every queue with few and with more clients, and says what was reached',
  { timeout: 120_000 },
  async () => {
    const script = join(root, 'scripts', 'bench-queue.mjs');
    const { stdout } = await execa(process.execPath, [script, '--quick', '--json']);
    const { rows, targets } = JSON.parse(stdout) as {
      rows: { name: string; clients: number; callsPerS: number; ratio: number; serverUsPerCall: number }[];
      targets: { name: string; clients: number; ratio: number; limit: number; reached: boolean }[];
    };
    const names = ["CPython's manager", 'Python door', 'Python door, list', 'own protocol', 'own, one by one'];
    expect(rows.map(({ name, clients }) => [name, clients])).toEqual(
      [1, 2].flatMap((clients) => names.map((name) => [name, clients])),
    );
    for (const row of rows) {
      expect(row, JSON.stringify(row)).toMatchObject({
        ratio: expect.any(Number),
        serverUsPerCall: expect.any(Number),
      });
      expect(row.callsPerS, row.name).toBeGreaterThan(0);
    }
    expect(targets.map(({ name }) => name)).toEqual(['own protocol', 'Python door']);
    for (const { name, clients, ratio, limit, reached } of targets) {
      expect(ratio).toBe(rows.find((row) => row.name === name && row.clients === clients)?.ratio);
      expect(reached).toBe(ratio >= limit);
    }
  },
);
