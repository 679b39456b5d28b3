import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { Inbox } from '../../main/transport/inbox.ts';
import type { Port } from '../../main/transport/port.ts';
import { childPort } from '../../main/transport/process.ts';
import { portContract } from './port-contract.ts';

const entry = path.join(import.meta.dirname, 'process-end.ts');

portContract('child process', async () => {
  const child = fork(entry, [], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  const inbox = new Inbox();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = JSON.parse(line) as { message?: unknown; closed?: 'eof' | 'closed' };
    if (said.closed) inbox.end({ kind: said.closed });
    else inbox.deliver(said.message);
  });
  const order = (what: object) => child.stdin!.write(`${JSON.stringify(what)}\n`);
  child.stdin!.on('error', () => {});
  const far: Port = {
    send: (message) => !inbox.ended && order({ send: message }),
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.whenClosed(listener),
    drained: () => Promise.resolve(),
    close: () => void order({ close: true }),
  };
  return {
    near: childPort(child),
    far,
    killFar: () => child.kill('SIGKILL'),
    dispose: () => void child.kill('SIGKILL'),
  };
});
