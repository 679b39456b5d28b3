import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Queue } from '../../main/engine/queue.ts';

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

test('whatever the order of puts, gets and time-outs: every item arrives once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.integer({ min: 1, max: 3 })),
      fc.array(fc.constantFrom('put', 'get', 'try')),
      async (capacity, steps) => {
        const q = queue<number>(capacity);
        const puts: Promise<string>[] = [];
        const got: number[] = [];
        const gets: Promise<void>[] = [];
        let next = 0;
        const take = (result: Awaited<ReturnType<typeof q.get>>) => {
          if (result.kind === 'item') got.push(result.item);
        };
        for (const step of steps) {
          if (step === 'put') puts.push(q.put(next++));
          else if (step === 'get') gets.push(q.get().then(take));
          else take(await q.get({ timeoutMs: 0 }));
        }
        while (q.depth > 0) take(await q.get());
        q.close();
        await Promise.all([...puts, ...gets]);
        expect(got.sort((a, b) => a - b)).toEqual([...Array(next).keys()]);
      },
    ),
  );
});
