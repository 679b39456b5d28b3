// The coordination server and those who stay joined to it: real sockets, real TLS.
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadIdentity } from '../../main/gateway/identity.ts';
import { stayJoined } from '../../main/gateway/join.ts';
import type { CloseReason, Port } from '../../main/transport/port.ts';
import { tempDir } from '../support/temp-dir.ts';
import { portContract } from '../transport/port-contract.ts';
import { ending } from '../transport/port-promises.ts';
import { authkey, cleanups, open, pair } from './coordinator-for-test.ts';

portContract('coordinator session', () => pair({}, {}));
portContract('coordinator session over TLS', async () => {
  const identity = await loadIdentity(path.join(tempDir(), 'key.pem'));
  return pair({ identity }, { fingerprint: identity.fingerprint });
});

test('takes another port when its own is taken, unless told not to', async () => {
  const { coordinator } = await open();
  const second = await open({ port: coordinator.port });
  expect(second.coordinator.port).not.toBe(coordinator.port);
  await expect(open({ port: coordinator.port, orAnotherPort: false })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a worker stays joined over lost connections, and stops when a wrong key makes it useless', async () => {
  const first = await open();
  const troubles: string[] = [];
  const stop = new AbortController();
  cleanups.push(() => stop.abort());
  const ends: CloseReason[] = [];
  let begun = 0;
  const work = async (port: Port): Promise<void> => {
    begun++;
    port.onMessage(() => undefined);
    ends.push(await ending(port));
  };
  const onTrouble = (error: { code: string }, againMs: number | null): void =>
    void troubles.push(`${error.code} ${againMs !== null}`);
  const staying = stayJoined({
    host: '127.0.0.1',
    port: first.coordinator.port,
    authkey,
    id: 'w',
    signal: stop.signal,
    work,
    onTrouble,
  });
  await first.worker();
  await expect.poll(() => begun).toBe(1);
  await first.coordinator.close();
  const second = await open({ port: first.coordinator.port, orAnotherPort: false });
  const { info } = await second.worker();
  expect(info.id).toBe('w');
  await expect.poll(() => begun).toBe(2);
  await second.coordinator.close();
  await open({ port: first.coordinator.port, orAnotherPort: false, authkey: Buffer.from('changed') });
  await staying;
  expect(ends).toEqual([{ kind: 'eof' }, { kind: 'eof' }]);
  expect([troubles[0], troubles.at(-1)]).toEqual(['lost true', 'wrong-key false']);
});
