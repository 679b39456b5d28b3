// A directory for one test, removed afterwards.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes an empty directory; it goes when the running test ends. */
export function tempDir(): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'sluice-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
