// Helping another machine: which words the worker beside is started with, what is kept, and what is told of it.
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { HelpOrder } from '../../shared/helping.ts';
import { Helping } from '../../main/gateway/helping.ts';
import { tempDir } from '../support/temp-dir.ts';

const order: HelpOrder = {
  ...{ host: '10.0.0.5', port: 7440, fingerprint: 'ab'.repeat(32) },
  ...{ dir: '/files', parallel: 3, sendBack: true },
};

function helping(dataDir = tempDir()) {
  const started: string[][] = [];
  let line: (line: string) => void = () => {};
  let exit = () => {};
  const one = new Helping({
    dataDir,
    changed: () => {},
    spawn(words) {
      started.push(words);
      return {
        onLine: (listener) => (line = listener),
        onExit: (listener) => (exit = listener),
        stop: () => exit(),
      };
    },
  });
  return { one, started, dataDir, line: (told: object) => line(JSON.stringify(told)), exit: () => exit() };
}

test('it is the command line’s worker, with the key in a file that only its owner reads', async () => {
  const { one, started, dataDir } = helping();
  const keyFile = path.join(dataDir, 'helping-key');
  await writeFile(keyFile, 'old', { mode: 0o644 });
  expect(await one.start(order, ' secret ')).toBeNull();
  expect(started).toEqual([
    [
      ...['worker', '--json', '--connect', '10.0.0.5:7440', '--authkey-file', keyFile, '--dir', '/files'],
      ...['--parallel', '3', '--fingerprint', order.fingerprint, '--send-back'],
    ],
  ]);
  expect(await readFile(keyFile, 'utf8')).toBe('secret\n');
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(await one.state())).not.toContain('secret');
});

test('its state follows what the worker tells, to its end', async () => {
  const { one, line, exit } = helping();
  expect(await one.state()).toEqual({ state: 'off', order: null, hasKey: false, trouble: null });
  await one.start(order, 'secret');
  expect(await one.state()).toEqual({ state: 'joining', order, hasKey: true, trouble: null });
  line({ event: 'joined' });
  expect(await one.state()).toMatchObject({ state: 'joined' });
  const said = { why: 'takes-no-key', where: 'a.test:7440' };
  line({ event: 'trouble', code: 'wrong-key', message: 'It does not take the authkey.', said, againMs: null });
  exit();
  expect(await one.state()).toMatchObject({ state: 'off', trouble: { code: 'wrong-key', said } });
});

test('the key of the last time serves again, and one that was started is stopped before the next', async () => {
  const { one, started, dataDir } = helping();
  expect(await one.start(order, null)).toMatchObject({ why: 'key-needed' });
  await one.start(order, 'secret');
  await one.start({ ...order, sendBack: false }, null);
  expect(started.map((words) => words.includes('--send-back'))).toEqual([true, false]);
  await one.stop();
  expect(await helping(dataDir).one.state()).toMatchObject({ state: 'off', hasKey: true, order: { sendBack: false } });
});

test('another machine is not joined without its fingerprint', async () => {
  const { one, started } = helping();
  expect(await one.start({ ...order, fingerprint: '' }, 'secret')).toMatchObject({ why: 'fingerprint-needed' });
  expect(started).toEqual([]);
});
