// A checksum file that stands in the list as a link: the program ends only when all was held against it, and says what is wrong.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentSha256, seededContent, startOrigin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';

test.each([
  ['first', ['SHA256SUMS', 'a.bin', 'b.bin']],
  ['last', ['a.bin', 'b.bin', 'SHA256SUMS']],
])('a wrong file fails though it had come whole, with the checksum file %s', async (_, names) => {
  const origin = await startOrigin();
  onTestFinished(() => origin.close());
  const sizeBytes = 300_000;
  const sums = ['a.bin', 'b.bin'].map((name) => `${contentSha256(seededContent(sizeBytes, 1))}  ${name}\n`).join('');
  origin.serve('/d/a.bin', { sizeBytes, seed: 1 });
  origin.serve('/d/b.bin', { sizeBytes, seed: 2 });
  origin.serve('/d/SHA256SUMS', { bytes: Buffer.from(sums), headDelayMs: 700 });
  const dir = tempDir();
  const files = path.join(dir, 'files');
  const urls = names.map((name) => origin.url(`/d/${name}`));
  const program = sluice(['--data', path.join(dir, 'data'), '--dir', files, '--json', '--exit', ...urls]);
  expect(await program.ended).toBe(1);
  const failed = program.told.filter(({ event }) => event === 'failed');
  expect(failed).toMatchObject([{ code: 'wrong-checksum', url: origin.url('/d/b.bin') }]);
  expect(String(failed[0]!['message'])).toContain(contentSha256(seededContent(sizeBytes, 2)));
  expect(fs.readdirSync(files).sort()).toEqual([
    'SHA256SUMS',
    'a.bin',
    expect.stringMatching(/^b\.bin\.[\da-f]{8}-\d+\.sluice-part$/),
  ]);
});
