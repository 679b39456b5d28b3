// Ports to a child process.
import { fork } from 'node:child_process';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { childPort } from '../../main/transport/process.ts';
import { portContract } from './port-contract.ts';
import { steer } from './steered-end.ts';

const entry = path.join(import.meta.dirname, 'process-end.ts');

portContract('child process', async () => {
  const child = fork(entry, [], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  return {
    near: childPort(child),
    far: steer(child.stdin!, child.stdout!),
    killFar: () => child.kill('SIGKILL'),
    dispose: () => void child.kill('SIGKILL'),
  };
});

test('what a child said before it left is heard, whatever is written to it meanwhile', async () => {
  const child = fork(entry, [], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const near = childPort(child);
  const far = steer(child.stdin!, child.stdout!);
  const ended = new Promise((resolve) => near.onClose(resolve));
  let heard = 0;
  near.onMessage(() => {
    heard += 1;
    near.send('and you?');
  });
  for (let n = 0; n < 3000; n++) far.send(n);
  far.close();
  expect(await ended).toEqual({ kind: 'eof' });
  expect(heard).toBe(3000);
});
