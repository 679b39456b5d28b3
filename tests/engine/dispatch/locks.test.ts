import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Locks, type LockOwner } from '../../../main/engine/dispatch/locks.ts';

const a: LockOwner = { name: 'a' };
const b: LockOwner = { name: 'b' };
const c: LockOwner = { name: 'c' };

test('one holder at a time, in the order of asking, as often as it took it', async () => {
  const locks = new Locks();
  expect(locks.tryAcquire('k', a)).toBe(true);
  expect(locks.tryAcquire('k', a)).toBe(true);
  const order: string[] = [];
  const forB = locks.acquire('k', b).then(() => order.push('b'));
  const forC = locks.acquire('k', c).then(() => order.push('c'));
  expect(locks.state()).toEqual([{ key: 'k', holder: 'a', depth: 2, waiters: 2 }]);
  locks.release('k', a);
  expect(locks.holderOf('k')).toBe(a);
  locks.release('k', a);
  await forB;
  expect(locks.state()).toEqual([{ key: 'k', holder: 'b', depth: 1, waiters: 1 }]);
  locks.release('k', b);
  await forC;
  locks.release('k', c);
  expect(order).toEqual(['b', 'c']);
  expect(locks.state()).toEqual([]);
});

test('a wait ends with its time, its signal or the death of who waits', async () => {
  const locks = new Locks();
  locks.tryAcquire('k', a);
  const stop = new AbortController();
  const waits = [
    locks.acquire('k', b, { timeoutMs: 0 }),
    locks.acquire('k', b, { timeoutMs: 1 }),
    locks.acquire('k', b, { signal: stop.signal }),
    locks.acquire('k', c),
  ];
  stop.abort();
  locks.releaseAll(c);
  expect(await Promise.all(waits)).toEqual([false, false, false, false]);
  expect(locks.state()[0]).toMatchObject({ holder: 'a', waiters: 0 });
});

test('only its holder can release a lock', () => {
  const locks = new Locks();
  expect(() => locks.release('k', a)).toThrow(/a does not hold/);
  locks.tryAcquire('k', a);
  expect(() => locks.release('k', b)).toThrow(/b does not hold/);
});

test('keys that fold to the same are one lock', () => {
  const locks = new Locks((key) => key.toUpperCase());
  expect(locks.tryAcquire('/d/File', a)).toBe(true);
  expect(locks.tryAcquire('/D/FILE', b)).toBe(false);
  expect(locks.holderOf('/d/file')).toBe(a);
});

type Step = { do: 'acquire' | 'release' | 'die'; owner: number; key: string };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('acquire', 'acquire', 'release', 'die'),
  owner: fc.nat(4),
  key: fc.constantFrom('x', 'y'),
});

test('any order of taking, releasing and dying keeps one holder, first come first served, and strands nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const locks = new Locks();
      const owners = Array.from({ length: 5 }, (_, n): LockOwner => ({ name: `o${n}` }));
      /** What the locks ought to be: who is in, how often, and who waits in which order. */
      const model = new Map<string, { owner: LockOwner; depth: number; waiting: LockOwner[] }>();
      const open = new Map<Promise<boolean>, boolean | undefined>();
      const passOn = (key: string): void => {
        const held = model.get(key)!;
        const [next] = held.waiting;
        if (!next) return void model.delete(key);
        const again = held.waiting.filter((owner) => owner === next).length;
        model.set(key, { owner: next, depth: again, waiting: held.waiting.filter((owner) => owner !== next) });
      };
      for (const { do: what, owner: n, key } of steps) {
        const owner = owners[n]!;
        const held = model.get(key);
        if (what === 'acquire') {
          const asked = locks.acquire(key, owner);
          open.set(asked, undefined);
          void asked.then((locked) => open.set(asked, locked));
          if (!held) model.set(key, { owner, depth: 1, waiting: [] });
          else if (held.owner === owner) held.depth++;
          else held.waiting.push(owner);
        } else if (what === 'release') {
          if (held?.owner !== owner) expect(() => locks.release(key, owner)).toThrow();
          else {
            locks.release(key, owner);
            if (--held.depth === 0) passOn(key);
          }
        } else {
          locks.releaseAll(owner);
          for (const one of model.values()) one.waiting = one.waiting.filter((waiter) => waiter !== owner);
          for (const [its, one] of [...model]) if (one.owner === owner) passOn(its);
          owners[n] = { name: `${owner.name}'` };
        }
        const seen = locks.state().map((state) => ({ ...state, owner: locks.holderOf(state.key)!.name }));
        const meant = [...model].map(([its, { owner: holder, depth, waiting }]) => ({
          ...{ key: its, holder: holder.name, depth, waiters: waiting.length },
          owner: holder.name,
        }));
        const byKey = (one: { key: string }, other: { key: string }) => one.key.localeCompare(other.key);
        expect(seen.sort(byKey)).toEqual(meant.sort(byKey));
      }
      for (const owner of [...owners]) locks.releaseAll(owner);
      await Promise.resolve();
      expect(locks.state()).toEqual([]);
      expect([...open.values()]).not.toContain(undefined);
    }),
    { numRuns: 500 },
  );
});
