// `npm run matrix`, Sluice's column: against a server that misbehaves it ends with the right file or a clear failure.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cases } from '../../scripts/matrix/cases.mjs';

const program = path.join(import.meta.dirname, '..', '..', 'scripts', 'matrix.mjs');

type Row = { name: string; outcomes: { Sluice: string } };

test(
  'Sluice takes no wrong file for the right one, does not hang, and brings what can be had',
  { timeout: 180_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--tools', 'none', '--json']);
    const outcomes = (JSON.parse(stdout) as Row[]).map(({ name, outcomes: { Sluice } }) => [name, Sluice]);
    expect(outcomes).toEqual(cases.map(({ name, file }) => [name, file === null ? 'failed' : 'right']));
  },
);
