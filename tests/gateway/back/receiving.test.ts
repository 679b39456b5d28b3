// The end that takes what is sent back, with a disk that is slower than the line.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { FromWorker } from '../../../shared/protocol.ts';
import { WINDOW_BYTES } from '../../../main/gateway/back/messages.ts';
import { receivingBack, type Incoming } from '../../../main/gateway/back/receiving.ts';
import { sendingBack } from '../../../main/gateway/back/sending.ts';
import { openSession } from '../../../main/gateway/session.ts';
import { tcpPort } from '../../../main/transport/tcp.ts';
import type { Port } from '../../../main/transport/port.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { MIB, patient, sha256 } from './back-for-test.ts';

vi.setConfig({ testTimeout: 120_000 });

test('a disk that takes nothing for a while costs a window of memory, and no other message waits for it', async () => {
  const quick = { beatMs: 20, silentMs: 200 };
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const near = openSession(tcpPort(await accepted), quick);
  const worker = sendingBack(openSession(tcpPort(socket), quick));
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let takenBytes = 0;
  const file: Incoming & { at: number } = {
    at: 0,
    async write(bytes) {
      takenBytes += bytes.length;
      await gate;
      file.at += bytes.length;
      return null;
    },
    complete: async () => null,
    place: async () => 'placed',
    close: async () => {},
    remove: async () => {},
  };
  let cameBytes = 0;
  const counted: Port = {
    ...near,
    onMessage: (listener) =>
      near.onMessage((message) => {
        if (Buffer.isBuffer(message)) cameBytes += message.length;
        listener(message);
      }),
  };
  const engineEnd = receivingBack(counted, async () => file, tempDir());
  const heard: FromWorker[] = [];
  engineEnd.onMessage((message) => heard.push(message as FromWorker));
  let ended = false;
  engineEnd.onClose(() => (ended = true));
  onTestFinished(() => {
    engineEnd.close();
    worker.close();
  });
  worker.onMessage(() => {});
  const sizeBytes = 20 * MIB;
  const source = path.join(tempDir(), 'f');
  fs.writeFileSync(source, Buffer.alloc(sizeBytes));
  const lease = { id: 1, epoch: 1 };
  const task = {
    ...lease,
    url: 'http://x/',
    mirrors: [],
    partPath: '/p',
    notePath: null,
    targetPath: '/t',
    naming: 'given',
  } as const;
  const rest = {
    extents: [],
    validators: null,
    headers: {},
    checksum: null,
    hash: true,
    connections: 1,
    limitBytesPerS: null,
  };
  engineEnd.send({ kind: 'tasks', tasks: [{ ...task, ...rest }] });
  worker.send({
    kind: 'result',
    ...lease,
    outcome: { kind: 'done', path: source, sizeBytes, sha256: sha256(source), verified: false },
  } satisfies FromWorker);
  await expect.poll(() => cameBytes, patient).toBeGreaterThanOrEqual(WINDOW_BYTES);
  // Longer than silence would be borne.
  for (let n = 0; n < 5; n++) {
    worker.send({ kind: 'pong' } satisfies FromWorker);
    await expect
      .poll(() => heard.filter(({ kind }) => kind === 'pong').length, { ...patient, interval: 20 })
      .toBe(n + 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(ended).toBe(false);
  expect(cameBytes).toBeLessThan(WINDOW_BYTES * 1.01);
  open();
  await expect
    .poll(() => heard.find(({ kind }) => kind === 'result'), patient)
    .toMatchObject({ outcome: { sentBack: true } });
  expect(takenBytes).toBe(sizeBytes);
});
