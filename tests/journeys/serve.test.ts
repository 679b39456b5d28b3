// The command line as a server: what it tells of its messages, a port that is taken, and the check of a line.
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sluice } from './cli-program.ts';
import { dir, key, origin, serving } from './serve-support.ts';

test('serve --json tells each message that passes through the tap once, in order, to the last, and no secret', async () => {
  const { server, urls } = await origin(30);
  const { program } = await serving();
  const add = ['add', '--data', path.join(dir, 'data'), '--dir', dir, '--header', 'x-own: secret of a download'];
  expect(await sluice([...add, ...urls]).ended).toBe(0);
  for (const url of urls) await program.until((told) => told.event === 'done' && told.url === url);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const messages = program.told.filter(({ event }) => event === 'message');
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, n) => n + 1));
  const of = (pipe: RegExp, kind: string) =>
    messages.filter((told) => pipe.test(String(told.pipe)) && told.kind === kind);
  expect(of(/> task queue$/, 'put')).toHaveLength(30);
  expect(of(/^worker \d+ > engine$/, 'result')).toHaveLength(30);
  expect(of(/^engine > worker \d+$/, 'stop').length).toBeGreaterThan(0);
  expect(messages[0]).toMatchObject({
    at: expect.any(Number),
    text: expect.any(String),
    sizeBytes: expect.any(Number),
  });
  expect(server.requests('/f0.bin')[0]!.headers['x-own']).toBe('secret of a download');
  expect(JSON.stringify(messages)).not.toContain('secret of');
});

test.each(['--listen', '--python'])('a port for %s that is taken is said, and ends the program', async (option) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const program = sluice([
    ...['serve', '--json', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '127.0.0.1:0', '--authkey-file', key, option, `127.0.0.1:${port}`],
  ]);
  expect(await program.ended).toBe(1);
  // A sentence, and not where in the program it was said.
  expect(program.stderr()).toMatch(new RegExp(`^sluice: .*another program has port ${port}\\.\n$`));
  expect(program.told.filter(({ event }) => event === 'listening')).toEqual([]);
});

test('echo and check find what passes', async () => {
  const echo = sluice(['echo', '--port', '0']);
  await expect.poll(() => echo.stdout(), { timeout: 10_000 }).toMatch(/:\d+/);
  const port = /:(\d+)/.exec(echo.stdout())![1]!;
  const check = sluice(['check', `127.0.0.1:${port}`, '--json']);
  expect(await check.ended).toBe(0);
  expect(check.told.map(({ outcome }) => outcome)).toEqual(Array(6).fill('passed'));
  echo.child.kill('SIGTERM');
  expect(await echo.ended).toBe(0);
  const after = sluice(['check', `127.0.0.1:${port}`, '--json']);
  expect(await after.ended).toBe(1);
});
