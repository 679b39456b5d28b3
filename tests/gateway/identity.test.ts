// The coordination server on the network: TLS, whom it is known by, and the files that its keys are in.
import { readFile, stat, writeFile } from 'node:fs/promises';
import type net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { loadAuthkey, loadIdentity } from '../../main/gateway/identity.ts';
import { joinCoordinator } from '../../main/gateway/join.ts';
import { tempDir } from '../support/temp-dir.ts';
import { authkey, cleanups, join, login, open } from './coordinator-for-test.ts';

describe('on the network', () => {
  test('it opens only with TLS', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toThrow('TLS');
    const stop = new AbortController();
    const joining = joinCoordinator({ host: '192.0.2.1', port: 1, authkey, id: 'a', signal: stop.signal });
    await expect(joining).rejects.toMatchObject({ code: 'not-encrypted' });
  });

  test('it is known by its fingerprint, and another one is refused', async () => {
    const dir = tempDir();
    const [mine, other] = [await loadIdentity(path.join(dir, 'a.pem')), await loadIdentity(path.join(dir, 'b.pem'))];
    const { coordinator, worker } = await open({ host: '0.0.0.0', identity: mine });
    expect(coordinator.encrypted).toBe(true);
    await expect(join(coordinator, { fingerprint: other.fingerprint })).rejects.toMatchObject({
      code: 'wrong-fingerprint',
    });
    const colons = mine.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:');
    const port = await join(coordinator, { fingerprint: colons });
    expect((await worker()).info.encrypted).toBe(true);
    port.close();
    await expect.poll(() => coordinator.counts().guests).toBe(0);
  });

  test('a login counts only for the certificate that it was made for, at both ends', async () => {
    const [mine, other] = await Promise.all([
      loadIdentity(path.join(tempDir(), 'key.pem')),
      loadIdentity(path.join(tempDir(), 'key.pem')),
    ]);
    const { coordinator } = await open({ host: '0.0.0.0', identity: mine, limits: { refusalMs: 10 } });
    const over = () => tls.connect({ port: coordinator.port, host: '127.0.0.1', rejectUnauthorized: false });
    for (const channel of ['', other.fingerprint]) {
      expect(await login(coordinator, { channel, over: over() })).toMatchObject({ answer: { why: 'key' } });
    }
    expect(await login(coordinator, { channel: mine.fingerprint, over: over() })).toMatchObject({
      answer: { kind: 'welcome' },
    });
    // One between that shows a certificate of its own, and has what it says from the true one.
    const between = tls.createServer({ key: other.key, cert: other.cert }, (near) => {
      const far = over();
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => between.close());
    const { port } = between.address() as net.AddressInfo;
    await expect(join(coordinator, { port, fingerprint: other.fingerprint })).rejects.toMatchObject({
      code: 'wrong-key',
    });
  });

  test('the key pair is made once, also by two at the same time, and is readable for its owner only', async () => {
    const file = path.join(tempDir(), 'new', 'key.pem');
    const [one, two] = await Promise.all([loadIdentity(file), loadIdentity(file)]);
    expect(one).toEqual(two);
    expect((await loadIdentity(file)).fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, 'damaged');
    await expect(loadIdentity(file)).rejects.toMatchObject({ why: { why: 'no-key-pair', file } });
  });

  test('an authkey is made once and read without its line end', async () => {
    const file = path.join(tempDir(), 'authkey');
    const made = await loadAuthkey(file);
    expect(made).toHaveLength(43);
    expect(await loadAuthkey(file)).toEqual(made);
    expect(await readFile(file, 'utf8')).toBe(`${made.toString()}\n`);
    await writeFile(file, 'abc\r\n');
    expect(await loadAuthkey(file)).toEqual(Buffer.from('abc'));
    await writeFile(file, '\n');
    await expect(loadAuthkey(file)).rejects.toMatchObject({ why: { why: 'key-empty', file } });
  });
});
