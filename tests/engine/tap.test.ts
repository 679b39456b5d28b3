// The tap: what it forgets, so that its memory is bounded.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

test('of each pipe the last messages are kept however busy another is, of so many pipes', () => {
  const tap = new Tap(() => 0);
  const say = (pipe: string, count: number) => {
    for (let n = 1; n <= count; n++) tap.saw(pipe, { kind: 'said', n });
  };
  say('quiet', 60);
  say('busy', 20_000);
  const told = tap.messages(0, 500);
  const of = (pipe: string) => told.filter((one) => one.pipe === pipe);
  expect(of('quiet').map(({ text }) => text)).toEqual(Array.from({ length: 50 }, (_, i) => `{"n":${i + 11}}`));
  expect(of('busy')).toHaveLength(500);
  expect(told.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq).sort((one, other) => one - other));
  expect(tap.messages(60, 500), 'what was told is not told again').toHaveLength(500);
  for (let n = 0; n < 600; n++) say(`pipe ${n}`, 100);
  const all = tap.messages(0);
  expect(all.filter(({ pipe }) => pipe === 'quiet')).toEqual([]);
  expect(new Set(all.map(({ pipe }) => pipe)).size).toBe(512);
});

test('of a long message only what is shown of it is kept, with its size and without its secrets', () => {
  setFlagsFromString('--expose-gc');
  const heapBytes = () => {
    runInNewContext('gc()');
    return process.memoryUsage().heapUsed;
  };
  const tap = new Tap(() => 0);
  const before = heapBytes();
  const ranges = Array.from({ length: 20_000 }, (_, n) => [n * 1000, n * 1000 + 500]);
  for (let n = 0; n < 30; n++) {
    tap.saw('wide', { kind: 'saved', id: n, extents: structuredClone(ranges) });
    tap.saw('long', { kind: 'said', id: n, proxy: 'http://me:secret@p.test', text: `${n}`.repeat(500_000) });
  }
  expect(heapBytes() - before).toBeLessThan(10_000_000);
  const [wide, long] = tap.messages(0).slice(-2);
  expect(wide).toMatchObject({ pipe: 'wide', kind: 'saved' });
  expect(wide!.text).toMatch(/^\{"id":29,"extents":\[\[0,500\],\[1000,1500\],.{200,}…$/);
  expect(wide!.sizeBytes).toBe(JSON.stringify({ kind: 'saved', id: 29, extents: ranges }).length);
  expect(long!.text).toMatch(/^\{"id":29,"proxy":"http:\/\/\*\*\*@p\.test","text":"(?:29){100,}…$/);
  for (const { text } of [wide!, long!]) expect(text).toHaveLength(300);
});
