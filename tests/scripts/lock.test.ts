// Two set-ups at the same time must not step on each other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';

let cache: string;
beforeEach(() => void (cache = mkdtempSync(join(tmpdir(), 'sluice-'))));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** A process that takes the lock, writes a line, and holds it until its stdin ends. */
function holder(name: string) {
  const code = `
    import { withLock } from ${JSON.stringify(join(root, 'scripts/setup/lock.mjs'))};
    await withLock(async () => {
      console.log('${name} has it');
      for await (const _ of process.stdin);
      console.log('${name} lets go');
    });`;
  return execa(process.execPath, ['--input-type=module', '--eval', code], {
    env: { XDG_CACHE_HOME: cache },
    stdin: 'pipe',
    reject: false,
  });
}

const firstLine = (child: ReturnType<typeof holder>) => new Promise((resolve) => child.stdout.once('data', resolve));

test('the second waits until the first lets go, and says so', async () => {
  const order: string[] = [];
  const first = holder('first');
  first.stdout.on('data', (line) => order.push(String(line).trim()));
  await firstLine(first);
  const second = holder('second');
  second.stdout.on('data', (line) => order.push(...String(line).trim().split('\n')));
  second.stdin.end();
  await new Promise((resolve) => second.stderr.once('data', resolve));
  order.push('second waits');
  first.stdin.end();
  await Promise.all([first, second]);
  expect(order).toEqual(['first has it', 'second waits', 'first lets go', 'second has it', 'second lets go']);
});

test('a holder that was killed holds nothing', async () => {
  const first = holder('first');
  await firstLine(first);
  first.kill('SIGKILL');
  await first;
  const second = holder('second');
  second.stdin.end();
  expect((await second).stdout).toContain('second has it');
});
