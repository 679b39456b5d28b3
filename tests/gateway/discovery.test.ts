// Discovery on loopback: found by who asks, silent for everything else, never longer than the question.
import dgram from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { discover, openDiscoverable } from '../../main/gateway/discovery.ts';
import { PROTOCOL } from '../../shared/protocol-number.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const fingerprint = 'ab'.repeat(32);
async function open(name = 'Studio') {
  const here = await openDiscoverable({ name, port: 7440, fingerprint, host: '127.0.0.1', discoveryPort: 0 });
  cleanups.push(() => here.close());
  return here;
}

/** Sends one datagram after the other and collects what comes back. */
async function send(port: number, datagrams: (Buffer | string)[]): Promise<Buffer[]> {
  const socket = dgram.createSocket('udp4');
  const answers: Buffer[] = [];
  socket.on('message', (message) => answers.push(message));
  for (const datagram of datagrams) await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
  await new Promise((resolve) => setTimeout(resolve, 150));
  socket.close();
  return answers;
}

const question = JSON.stringify({ sluice: 'Hello', protocol: PROTOCOL, nonce: '0123456789abcdef' });

test('a coordinator is found with its name, port and fingerprint', async () => {
  const { port } = await open();
  const found = await discover({ discoveryPort: port, addresses: ['127.0.0.1'], forMs: 300 });
  expect(found).toEqual([{ host: '127.0.0.1', port: 7440, name: 'Studio', fingerprint, protocol: PROTOCOL }]);
});

test('nothing is found where nobody answers, or when the search is given up', async () => {
  const here = await open();
  await here.close();
  cleanups.length = 0;
  expect(await discover({ discoveryPort: here.port, addresses: ['127.0.0.1'], forMs: 100 })).toEqual([]);
  const stop = new AbortController();
  const searching = discover({
    discoveryPort: here.port,
    addresses: ['127.0.0.1'],
    forMs: 60_000,
    signal: stop.signal,
  });
  stop.abort();
  expect(await searching).toEqual([]);
});

test('no answer is longer than its question, whatever the name', async () => {
  const { port } = await open('名\u0000'.repeat(200));
  const padded = question.padEnd(512);
  const [answer] = await send(port, [padded]);
  expect(answer!.length).toBeLessThanOrEqual(512);
  expect(answer!.toString()).not.toContain('authkey');
});

test('short questions and what is none get no answer', async () => {
  const { port } = await open();
  const broken = [
    '',
    'Hello',
    question,
    '{'.padEnd(600),
    '[]'.padEnd(600),
    question.replace('Hello', 'hello').padEnd(600),
    Buffer.alloc(2000, 255),
  ];
  expect(await send(port, broken)).toEqual([]);
});

test('a flood is answered a few times only', async () => {
  const { port } = await open();
  const answers = await send(port, Array<string>(500).fill(question.padEnd(512)));
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.length).toBeLessThan(10);
});
