// What every Port promises, as plain functions: they run under the test runner and inside Electron alike.
import assert from 'node:assert/strict';
import type { CloseReason, Port } from '../../main/transport/port.ts';

/** Two ends of one pipe. `far` may be a stand-in that steers an end in another process, so it is only used asynchronously. */
export interface PortPair {
  near: Port;
  far: Port;
  /** Ends the far side as a crash would. */
  killFar?: () => void;
  /** Frees whatever the pair holds. */
  dispose?: () => void | Promise<void>;
}

/** Resolves with the first `count` messages of a port. */
export function take(port: Port, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  return new Promise((resolve) => {
    port.onMessage((message) => {
      got.push(message);
      if (got.length === count) resolve(got);
    });
  });
}

export function ending(port: Port): Promise<CloseReason> {
  return new Promise((resolve) => port.onClose(resolve));
}

const numbers = (count: number): number[] => [...Array(count).keys()];

/** By name. Each gets a fresh pair. */
export const portPromises: Readonly<Record<string, (pair: PortPair) => Promise<void>>> = {
  async 'carries messages in order, both ways at once'({ near, far }) {
    const there = take(far, 500);
    const back = take(near, 500);
    for (const n of numbers(500)) {
      near.send({ n });
      far.send({ back: n });
    }
    assert.deepEqual(
      await there,
      numbers(500).map((n) => ({ n })),
    );
    assert.deepEqual(
      await back,
      numbers(500).map((n) => ({ back: n })),
    );
  },

  async 'carries every kind of JSON value unchanged'({ near, far }) {
    const values = [
      null,
      true,
      0,
      -1.5,
      1e300,
      '',
      '下载 \u0000 🙂',
      [],
      {},
      [[[1]], { a: [{ b: null }] }],
      { messages: [1], taken: 2, end: true },
      'x'.repeat(2_000_000),
    ];
    const there = take(far, values.length);
    for (const value of values) near.send(value);
    assert.deepEqual(await there, values);
  },

  async 'keeps messages until somebody listens'({ near, far }) {
    for (const n of numbers(20)) far.send(n);
    far.send('last');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await take(near, 21), [...numbers(20), 'last']);
  },

  async 'closing lets what was sent arrive, then tells the other end eof and this end closed, once each'({
    near,
    far,
  }) {
    const seen: unknown[] = [];
    let nearEndings = 0;
    far.onMessage((message) => seen.push(message));
    const farEnd = new Promise<CloseReason>((resolve) => {
      far.onClose((reason) => {
        seen.push(reason.kind);
        resolve(reason);
      });
    });
    const nearEnd = new Promise<CloseReason>((resolve) => {
      near.onClose((reason) => {
        nearEndings++;
        resolve(reason);
      });
    });
    for (const n of numbers(100)) near.send(n);
    near.close();
    near.close();
    assert.deepEqual(await nearEnd, { kind: 'closed' });
    assert.deepEqual(await farEnd, { kind: 'eof' });
    assert.deepEqual(seen, [...numbers(100), 'eof']);
    assert.equal(nearEndings, 1);
  },

  async 'says eof when the other end closes, also to a listener that comes late'({ near, far }) {
    near.onMessage(() => undefined);
    far.onMessage(() => undefined);
    far.close();
    // A full pipe has room again or has ended; an ended one takes nothing.
    for (let tries = 0; near.send('probe') || tries < 1000; tries++) {
      await near.drained();
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (!near.send('probe')) break;
    }
    assert.deepEqual(await ending(near), { kind: 'eof' });
  },

  async 'takes nothing after its end, and says so'({ near, far }) {
    const seen: unknown[] = [];
    far.onMessage((message) => seen.push(message));
    const farEnd = ending(far);
    near.send('before');
    near.close();
    assert.equal(near.send('after'), false);
    await near.drained();
    await farEnd;
    assert.deepEqual(seen, ['before']);
  },

  async 'a full pipe says so, and tells when there is room again'({ near, far }) {
    const block = 'x'.repeat(64 * 1024);
    let sent = 0;
    let full = false;
    // A pipe without bounds would be a leak: 200 blocks are 12.5 MiB.
    while (!full && sent < 200) {
      full = !near.send(block);
      sent++;
    }
    assert.equal(full, true);
    const arrived = take(far, sent);
    await near.drained();
    assert.equal((await arrived).length, sent);
  },

  async 'a reader that does not read stops the writer, and nothing is lost'({ near, far }) {
    const block = 'x'.repeat(16 * 1024);
    let sent = 0;
    let stuck = false;
    // More than any system's own buffers hold: 64 MiB.
    while (!stuck && sent < 4096) {
      const room = near.send(block);
      sent++;
      if (room) continue;
      const waited = new Promise((resolve) => setTimeout(resolve, 300, 'waited'));
      stuck = (await Promise.race([near.drained(), waited])) === 'waited';
    }
    assert.equal(stuck, true);
    const arrived = take(far, sent);
    await near.drained();
    assert.equal((await arrived).length, sent);
    // The other way.
    let heard = 0;
    near.onMessage(() => heard++);
    const end = ending(near);
    for (const n of numbers(300)) far.send(n);
    far.close();
    await end;
    assert.equal(heard, 300);
  },

  async 'who waits for room in a pipe that ends is let go'({ near, far }) {
    const block = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 20 && near.send(block); n++);
    const waiting = near.drained();
    near.close();
    far.close();
    await waiting;
    assert.equal(near.send(1), false);
  },
};

/** For pairs that have a `killFar`. */
export const portPromisesOfDeath: typeof portPromises = {
  async 'says eof when the other end dies'({ near, killFar }) {
    near.onMessage(() => undefined);
    killFar!();
    assert.deepEqual(await ending(near), { kind: 'eof' });
  },

  async 'who waits for room is let go when the other end dies'({ near, killFar }) {
    near.onMessage(() => undefined);
    const block = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 40 && near.send(block); n++);
    const waiting = near.drained();
    killFar!();
    await waiting;
    assert.deepEqual(await ending(near), { kind: 'eof' });
  },
};
