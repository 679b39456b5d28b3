// Ten thousand pieces of nonsense at each port that answers datagrams: it lives, its memory stays, and it still answers.
import dgram from 'node:dgram';
import net from 'node:net';
import { expect, test } from 'vitest';
import { openDiscoverable } from '../../main/gateway/discovery.ts';
import { openEcho } from '../../main/gateway/echo.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';
import { dice } from './dice.ts';
import { cleanups, shower, storm } from './storm.ts';

test('the echo server', { timeout: 60_000 }, async () => {
  const echo = await openEcho({ port: 0 });
  cleanups.push(() => echo.close());
  const { bytes } = dice(5);
  await storm(echo.port, () => bytes(3000));
  const udp = dgram.createSocket('udp4');
  let answers = 0;
  udp.on('message', () => answers++);
  await shower(udp, echo.port, () => bytes(1200));
  udp.close();
  expect(answers).toBeGreaterThan(0);
  const socket = net.connect(echo.port, '127.0.0.1');
  const heard = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  expect(heard.toString()).toBe('Hello,I am server!');
  socket.destroy();
});

test('discovery', { timeout: 60_000 }, async () => {
  const here = await openDiscoverable({
    name: 'x',
    port: 7440,
    fingerprint: '0'.repeat(64),
    host: '127.0.0.1',
    discoveryPort: 0,
  });
  cleanups.push(() => here.close());
  const { bytes, damage, pick } = dice(6);
  const question = Buffer.from(
    JSON.stringify({ sluice: 'Hello', protocol: PROTOCOL, nonce: '0123456789abcdef' }).padEnd(512),
  );
  const socket = dgram.createSocket('udp4');
  let answered = 0;
  let asked = 0;
  socket.on('message', (answer) => (answered += answer.length));
  await shower(socket, here.port, () => {
    // Good ones among them: so many are a flood, too.
    const datagram = pick(damage(question), bytes(1200), question);
    asked += datagram.length;
    return datagram;
  });
  socket.removeAllListeners('message');
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(asked / 100);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const answer = new Promise((resolve) => socket.once('message', resolve));
  const again = setInterval(() => socket.send(question, here.port, '127.0.0.1'), 600);
  socket.send(question, here.port, '127.0.0.1');
  await answer;
  clearInterval(again);
  socket.close();
});
