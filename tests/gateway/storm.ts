// Storms of nonsense at a port, what of it may stay in memory, and somebody real who goes on talking meanwhile.
import type dgram from 'node:dgram';
import net from 'node:net';
import { afterEach, expect } from 'vitest';
import type { Port } from '../../main/transport/port.ts';
import { memoryMiB } from '../support/memory.ts';
import { dice } from './dice.ts';

export const ROUNDS = 10_000;
export const AT_ONCE = 64;
export const authkey = Buffer.from('open sesame');

/** Run when the test ends, the last first. */
export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** What a storm may leave behind after its first part, in MiB: of the heap, and of the process as the system sees it. */
const GROWN_MAX = { heap: 16, rss: 192 };

/** One connection: it sends, and then leaves, resets, or stays half-open until it is thrown out or others need its place. */
function strike(port: number, attack: Buffer, ending: 'end' | 'reset' | 'stay', staying: net.Socket[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(attack);
      if (ending === 'end') socket.end();
      if (ending === 'reset') setImmediate(() => socket.resetAndDestroy());
      if (ending !== 'stay') return;
      staying.push(socket);
      if (staying.length > 200) staying.shift()!.destroy();
      resolve();
    });
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.setTimeout(2000, () => socket.destroy());
  });
}

/** Compares the memory now with that of when it was made. */
export function memoryWatch(): { expectFlat(): void } {
  const before = memoryMiB();
  return {
    expectFlat() {
      const after = memoryMiB();
      expect(after.heap - before.heap).toBeLessThan(GROWN_MAX.heap);
      expect(after.rss - before.rss).toBeLessThan(GROWN_MAX.rss);
    },
  };
}

/** All rounds of attack. The memory must not have grown between the first fifth and the end. */
export async function storm(port: number, attack: (round: number) => Buffer): Promise<void> {
  const { pick } = dice(7);
  const staying: net.Socket[] = [];
  cleanups.push(() => staying.forEach((socket) => socket.destroy()));
  let memory: ReturnType<typeof memoryWatch> | undefined;
  for (let round = 0; round < ROUNDS;) {
    const batch: Promise<void>[] = [];
    for (; batch.length < AT_ONCE && round < ROUNDS; round++) {
      batch.push(strike(port, attack(round), pick('end', 'reset', 'stay'), staying));
    }
    await Promise.all(batch);
    if (round > ROUNDS / 5) memory ??= memoryWatch();
  }
  for (const socket of staying) socket.destroy();
  memory!.expectFlat();
}

/** All rounds of datagrams, none of which comes before the one before it was read. The memory must not have grown. */
export async function shower(socket: dgram.Socket, port: number, datagram: () => Buffer): Promise<void> {
  const memory = memoryWatch();
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resolve) => socket.send(datagram(), port, '127.0.0.1', resolve));
    await new Promise(setImmediate);
  }
  memory.expectFlat();
}

/** Asks and is answered over a port again and again, until told to stop; returns how often. */
export function converse(port: Port): () => Promise<number> {
  let count = 0;
  let over = false;
  let ended = false;
  const talk = new Promise<void>((resolve, reject) => {
    port.onClose((reason) => {
      if (!ended) reject(new Error(`The worker was dropped: ${JSON.stringify(reason)}`));
    });
    port.onMessage((message) => {
      if (message !== count) return reject(new Error('An answer is missing.'));
      count++;
      if (over) resolve();
      else setTimeout(() => port.send(count), 1);
    });
    port.send(0);
  });
  talk.catch(() => undefined);
  return async () => {
    over = true;
    await talk;
    ended = true;
    port.close();
    return count;
  };
}

/** How what is meant for other ports begins. */
export const startsOfOthers = [
  'GET / HTTP/1.1\r\n\r\n',
  'SSH-2.0-x\r\n',
  '\0',
  '\xff'.repeat(64),
  '{"kind":"login"}\n',
];
