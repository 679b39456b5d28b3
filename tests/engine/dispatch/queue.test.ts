import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Queue } from '../../../main/engine/dispatch/queue.ts';

const queue = <T>(capacity: number | null = null) => new Queue<T>({ capacity, now: Date.now });

test('gives items in the order they were put', async () => {
  const q = queue<number>();
  for (const n of [1, 2, 3]) await q.put(n);
  expect([await q.get(), await q.get()]).toEqual([
    { kind: 'item', item: 1 },
    { kind: 'item', item: 2 },
  ]);
  expect(q.depth).toBe(1);
});

test('an empty queue says so at once, or after the time-out', async () => {
  const q = queue<number>();
  expect(await q.get({ timeoutMs: 0 })).toEqual({ kind: 'empty' });
  expect(await q.get({ timeoutMs: 5 })).toEqual({ kind: 'empty' });
});

test('a full queue makes a putter wait until there is room', async () => {
  const q = queue<string>(1);
  expect(await q.put('a')).toBe('put');
  expect(await q.put('b', { timeoutMs: 0 })).toBe('full');
  const waiting = q.put('c');
  expect(q.state().waitingPutters).toBe(1);
  expect(await q.get()).toEqual({ kind: 'item', item: 'a' });
  expect(await waiting).toBe('put');
  expect(await q.get()).toEqual({ kind: 'item', item: 'c' });
});

test('a waiting getter gets the next item and is seen while it waits', async () => {
  const q = queue<number>();
  const got = q.get();
  expect(q.state().waitingGetters).toBe(1);
  await q.put(7);
  expect(await got).toEqual({ kind: 'item', item: 7 });
});

test('an aborted wait takes nothing away from others', async () => {
  const q = queue<number>();
  const controller = new AbortController();
  const given = q.get({ signal: controller.signal });
  const other = q.get();
  controller.abort();
  await q.put(1);
  expect(await given).toEqual({ kind: 'empty' });
  expect(await other).toEqual({ kind: 'item', item: 1 });
});

test('join waits until everything taken is dealt with', async () => {
  const q = queue<number>();
  await q.put(1);
  let joined = false;
  const join = q.join().then(() => (joined = true));
  q.takeAll();
  await Promise.resolve();
  expect(joined).toBe(false);
  q.taskDone();
  await join;
  expect(() => q.taskDone()).toThrow(RangeError);
});

test('closing gives out what is left, then tells everybody', async () => {
  const q = queue<number>();
  await q.put(1);
  const full = queue<number>(1);
  await full.put(1);
  const putter = full.put(2);
  q.close();
  full.close();
  expect(await q.get()).toEqual({ kind: 'item', item: 1 });
  expect(await q.get()).toEqual({ kind: 'closed' });
  expect(await q.put(2)).toBe('closed');
  expect(await putter).toBe('closed');
});

test('who has given up before it asks takes nothing', async () => {
  const q = queue<number>();
  await q.put(1);
  expect(await q.get({ signal: AbortSignal.abort() })).toEqual({ kind: 'empty' });
  expect(q.depth).toBe(1);
});

type Step = 'put' | 'get' | 'try' | 'put in time' | 'get in time' | 'give up putting' | 'give up getting' | 'turn';

test('whatever the order of puts, gets, time-outs and those who give up: every item that was taken in arrives once', async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      ...([
        'put',
        'put',
        'get',
        'try',
        'put in time',
        'get in time',
        'give up putting',
        'give up getting',
        'turn',
      ] as const),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.option(fc.integer({ min: 1, max: 3 })), steps, async (capacity, order) => {
      const q = queue<number>(capacity);
      const taken: number[] = [];
      const got: number[] = [];
      const open: Promise<unknown>[] = [];
      const give = new AbortController();
      let next = 0;
      const put = (options = {}) => {
        const item = next++;
        open.push(q.put(item, options).then((outcome) => outcome === 'put' && taken.push(item)));
      };
      const get = (options = {}) => open.push(q.get(options).then((out) => out.kind === 'item' && got.push(out.item)));
      for (const step of order) {
        if (step === 'put') put();
        if (step === 'get') get();
        if (step === 'try') get({ timeoutMs: 0 });
        if (step === 'put in time') put({ timeoutMs: 1 });
        if (step === 'get in time') get({ timeoutMs: 1 });
        if (step === 'give up putting') put({ signal: give.signal });
        if (step === 'give up getting') get({ signal: give.signal });
        if (step === 'turn') await new Promise((resolve) => setTimeout(resolve, 1));
      }
      give.abort();
      while (q.depth > 0) {
        get();
        await Promise.resolve();
      }
      q.close();
      await Promise.all(open);
      expect(got.sort((a, b) => a - b)).toEqual(taken.sort((a, b) => a - b));
    }),
  );
});
