// Sessions: they live as long as both ends beat, end cleanly, and let nobody talk too fast.
import { describe, expect, test, vi } from 'vitest';
import { openSession } from '../../main/gateway/session.ts';
import type { CloseReason } from '../../main/transport/port.ts';
import { ending, take } from '../transport/port-promises.ts';
import { cleanups, pair } from './coordinator-for-test.ts';

describe('a session', () => {
  const quick = { beatMs: 20, silentMs: 120 };

  test('lives as long as both ends beat, without a message', async () => {
    const { near, far } = await pair({ session: quick }, { session: quick });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const arrived = take(far, 1);
    expect(near.send('still here')).toBe(true);
    expect(await arrived).toEqual(['still here']);
  });

  test('ends cleanly with the word exit alone, after what came before it', async () => {
    const { near, far } = await pair({}, {});
    const heard: unknown[] = [];
    far.onMessage((message) => heard.push(message));
    for (const message of ['before', { kind: 'exit' }, 'after']) near.send(message);
    expect(await ending(far)).toEqual({ kind: 'eof' });
    expect(await ending(near)).toEqual({ kind: 'eof' });
    expect(heard).toEqual(['before']);
  });

  test('ends when the peer falls silent', async () => {
    const { near, far } = await pair({ session: quick }, { session: { beatMs: 100_000 } });
    const reason = await ending(far);
    expect(reason).toMatchObject({ kind: 'error', cause: { message: expect.stringContaining('120 ms') } });
    expect(await ending(near)).toMatchObject({ kind: 'eof' });
  });

  test('of a peer that is silently gone ends within 10 s, and not by a few lost seconds', () => {
    vi.useFakeTimers();
    cleanups.push(() => vi.useRealTimers());
    const none = () => undefined;
    const silent = { send: () => true, onMessage: none, onClose: none, close: none, pause: none, resume: none };
    const ends: CloseReason[] = [];
    openSession({ ...silent, setLimits: none, drained: () => Promise.resolve() }).onClose((end) => ends.push(end));
    vi.advanceTimersByTime(6_000);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(4_000);
    expect(ends).toMatchObject([{ kind: 'error' }]);
  });

  test('keeps what comes before anybody listens in the socket rather than in memory, and in order', async () => {
    const { near, far } = await pair({ session: quick }, { session: quick });
    for (let n = 0; n < 500; n++) near.send(n);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await take(far, 500)).toEqual([...Array(500).keys()]);
  });

  test('slows down a peer that talks too fast, and loses nothing', async () => {
    const { near, far } = await pair({ session: { messagesPerS: 100 } }, {});
    const begunAt = performance.now();
    const all = take(far, 260);
    for (let n = 0; n < 260; n++) near.send(n);
    expect(await all).toEqual([...Array(260).keys()]);
    expect(performance.now() - begunAt).toBeGreaterThan(300);
  });
});
