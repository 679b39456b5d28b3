// The tap: what it forgets, so that its memory is bounded.
import { expect, test } from 'vitest';
import { Tap } from '../../main/engine/tap.ts';

test('of many producers those are known that have put something last, in the order in which they came', () => {
  let now = 0;
  const tap = new Tap(() => ++now);
  tap.produced('steady', 1);
  for (let n = 0; n < 1000; n++) {
    tap.produced(`thread ${n}`, 1);
    tap.produced('steady', 1);
  }
  const producers = tap.producers();
  expect(producers).toHaveLength(256);
  expect(producers[0]).toMatchObject({ name: 'steady', puts: 1001 });
  expect(producers.at(-1)).toMatchObject({ name: 'thread 999', puts: 1 });
});
