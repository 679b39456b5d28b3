// What every Port promises, run over each transport.
import { afterEach, describe, expect, test } from 'vitest';
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

/** Declares the contract's tests for one kind of Port. `canDie`: its pairs have a `killFar`. */
export function portContract(name: string, makePair: () => Promise<PortPair>, { canDie = true } = {}): void {
  describe(`a ${name} port`, () => {
    let pair: PortPair | undefined;
    const open = async (): Promise<PortPair> => (pair = await makePair());
    afterEach(async () => {
      pair?.near.close();
      pair?.far.close();
      await pair?.dispose?.();
      pair = undefined;
    });

    test('carries messages in order, both ways at once', async () => {
      const { near, far } = await open();
      const there = take(far, 500);
      const back = take(near, 500);
      for (let n = 0; n < 500; n++) {
        near.send({ n });
        far.send({ back: n });
      }
      expect(await there).toEqual(Array.from({ length: 500 }, (_, n) => ({ n })));
      expect(await back).toEqual(Array.from({ length: 500 }, (_, n) => ({ back: n })));
    });

    test('carries every kind of JSON value unchanged', async () => {
      const { near, far } = await open();
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
        'x'.repeat(2_000_000),
      ];
      const there = take(far, values.length);
      for (const value of values) near.send(value);
      expect(await there).toEqual(values);
    });

    test('keeps messages until somebody listens', async () => {
      const { near, far } = await open();
      for (let n = 0; n < 20; n++) far.send(n);
      far.send('last');
      await new Promise((resolve) => setTimeout(resolve, 20));
      const got: unknown[] = [];
      await new Promise<void>((resolve) => {
        near.onMessage((message) => {
          got.push(message);
          if (message === 'last') resolve();
        });
      });
      expect(got).toEqual([...Array(20).keys(), 'last']);
    });

    test('closing lets what was sent arrive, then tells the other end eof and this end closed, once each', async () => {
      const { near, far } = await open();
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
      for (let n = 0; n < 100; n++) near.send(n);
      near.close();
      near.close();
      expect(await nearEnd).toEqual({ kind: 'closed' });
      expect(await farEnd).toEqual({ kind: 'eof' });
      expect(seen).toEqual([...Array(100).keys(), 'eof']);
      expect(nearEndings).toBe(1);
    });

    test('says eof when the other end closes, also to a listener that comes late', async () => {
      const { near, far } = await open();
      near.onMessage(() => undefined);
      far.close();
      while (near.send('probe')) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await ending(near)).toEqual({ kind: 'eof' });
    });

    test('takes nothing after its end, and says so', async () => {
      const { near, far } = await open();
      const seen: unknown[] = [];
      far.onMessage((message) => seen.push(message));
      const farEnd = ending(far);
      near.send('before');
      near.close();
      expect(near.send('after')).toBe(false);
      await near.drained();
      await farEnd;
      expect(seen).toEqual(['before']);
    });

    test('a full pipe says so, and tells when there is room again', async () => {
      const { near, far } = await open();
      const block = 'x'.repeat(64 * 1024);
      let sent = 0;
      let full = false;
      while (!full && sent < 200) {
        full = !near.send(block);
        sent++;
      }
      const arrived = take(far, sent);
      await near.drained();
      expect(await arrived).toHaveLength(sent);
      // A pipe without bounds would be a leak: 200 blocks are 12.5 MiB.
      expect(full).toBe(true);
    });

    test('who waits for room in a pipe that ends is let go', async () => {
      const { near, far } = await open();
      const block = 'x'.repeat(1024 * 1024);
      for (let n = 0; n < 20 && near.send(block); n++);
      const waiting = near.drained();
      near.close();
      far.close();
      await waiting;
      expect(near.send(1)).toBe(false);
    });

    if (canDie) {
      test('says eof when the other end dies', async () => {
        const { near, killFar } = await open();
        near.onMessage(() => undefined);
        killFar!();
        expect(await ending(near)).toEqual({ kind: 'eof' });
      });
    }
  });
}
