import { fork } from 'node:child_process';
import path from 'node:path';
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
