import { expect, onTestFinished, test, vi } from 'vitest';
import { thin, Traffic } from '../../renderer/state/traffic.svelte.ts';
import { drawnOf, fullness, layOut, placeOn, placesOf } from '../../renderer/views/traffic/traffic-layout.ts';
import { wordsIn } from '../../renderer/words.ts';
import { createFormat } from '../../shared/format.ts';
import { FakeBridge } from './fake-bridge.ts';

let words = wordsIn('en', createFormat('en'));

const queue = {
  depth: 3,
  capacity: null,
  puts: 0,
  gets: 0,
  putsPerS: 0,
  getsPerS: 0,
  waitingGetters: 0,
  waitingPutters: 0,
};

/** An engine that has sent `count` more messages at each look. */
function trafficOf(count: number): { bridge: FakeBridge; traffic: Traffic } {
  const bridge = new FakeBridge();
  let seq = 0;
  bridge.answers['traffic'] = () => ({
    at: 0,
    producers: [],
    taskQueue: queue,
    resultQueue: queue,
    workers: [],
    store: { transactionsPerS: 0, busyPercent: 0 },
    locks: [],
    hosts: [],
    threads: [],
    messagesPerS: 0,
    messages: Array.from({ length: count }, () => {
      seq += 1;
      return {
        seq,
        at: 0,
        pipe: 'engine > worker 1',
        kind: seq % 2 ? 'lease' : 'saved',
        text: '{"url":"https://files.example/a","ids":[1,2]}',
        sizeBytes: 1,
        downloadId: null,
      };
    }),
  });
  return { bridge, traffic: new Traffic(bridge, () => words) };
}

test('nothing is asked unless somebody looks', async () => {
  vi.useFakeTimers();
  const { bridge, traffic } = trafficOf(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(bridge.times('traffic')).toBe(0);
  const stop = traffic.watch();
  await vi.advanceTimersByTimeAsync(1000);
  expect(bridge.times('traffic')).toBe(5);
  const stopNext = traffic.watch();
  stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(bridge.times('traffic'), 'another view goes on looking').toBe(10);
  vi.stubGlobal('document', { hidden: true });
  await vi.advanceTimersByTimeAsync(5000);
  expect(bridge.times('traffic'), 'a hidden window is not looked at').toBe(10);
  vi.unstubAllGlobals();
  await vi.advanceTimersByTimeAsync(250);
  expect(bridge.times('traffic')).toBe(11);
  stopNext();
  await vi.advanceTimersByTimeAsync(5000);
  expect(bridge.times('traffic')).toBe(11);
  vi.useRealTimers();
});

test('what stands beside the picture comes a frame after it', async () => {
  vi.useFakeTimers();
  const { traffic } = trafficOf(1);
  const polled = traffic.poll();
  await vi.advanceTimersByTimeAsync(10);
  expect([traffic.picture === null, traffic.beside, traffic.messages.length]).toEqual([false, null, 0]);
  await vi.advanceTimersByTimeAsync(10);
  await polled;
  expect([traffic.beside === traffic.picture, traffic.messages.length]).toEqual([true, 1]);
  vi.useRealTimers();
});

test('a flood of messages costs bounded memory and a few dots', async () => {
  const { traffic } = trafficOf(500);
  for (let i = 0; i < 20; i += 1) await traffic.poll();
  expect(traffic.messages).toHaveLength(2000);
  expect(traffic.fresh.length).toBeLessThanOrEqual(3);
});

test('what a quiet pipe said last stays to be read while another floods', async () => {
  const { bridge, traffic } = trafficOf(0);
  let seq = 0;
  const said = (pipe: string) => ({ seq: ++seq, at: 0, pipe, kind: 'k', text: '', sizeBytes: 1, downloadId: null });
  const picture = bridge.answers['traffic']!(undefined as never) as object;
  const tell = async (pipes: string[]) => {
    bridge.answers['traffic'] = () => ({ ...picture, messages: pipes.map(said) });
    await traffic.poll();
  };
  await tell(Array.from({ length: 60 }, () => 'quiet'));
  for (let i = 0; i < 20; i += 1) await tell(Array.from({ length: 500 }, () => 'busy'));
  const kept = traffic.messages.filter(({ pipe }) => pipe === 'quiet').map((one) => one.seq);
  expect(kept).toEqual(Array.from({ length: 50 }, (_, i) => i + 11));
  for (let i = 0; i < 6; i += 1) await tell(Array.from({ length: 500 }, (_, n) => `${i} ${n}`));
  expect(traffic.messages, 'pipes that come and go are bounded, too').toHaveLength(2000);
});

test('messages can be filtered, and nothing moves while it is paused', async () => {
  const { bridge, traffic } = trafficOf(10);
  await traffic.poll();
  traffic.filter = 'SAVED';
  expect(traffic.shown).toHaveLength(5);
  for (const [filter, count] of [
    ['engine → worker 1 saved', 5],
    ['url https://files.example/a ids 1 2', 10],
    ['"url":', 0],
  ] as const) {
    traffic.filter = filter;
    expect(traffic.shown, 'what is read is what is found').toHaveLength(count);
  }
  words = wordsIn('zh-CN', createFormat('zh-CN'));
  onTestFinished(() => void (words = wordsIn('en', createFormat('en'))));
  traffic.filter = '引擎 → 工作进程 1';
  expect(traffic.shown, 'in either language').toHaveLength(10);
  expect(traffic.wayOf('attic > task queue')).toBe('attic → 任务队列');
  traffic.paused = true;
  await traffic.poll();
  expect(bridge.times('traffic')).toBe(1);
});

test('thinning keeps the first and spreads the rest', () => {
  expect(thin([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(thin([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8]);
});

test('lanes and what is clicked beside them never overlap, and many workers make the picture taller', () => {
  const ids = Array.from({ length: 32 }, (_, i) => i + 1);
  const layout = layOut(1000, 300, ['window'], ids);
  const ends = placesOf(layout, ['window'], ids).filter(({ name }) => name.startsWith('engine > '));
  ends.forEach(({ box }, i) => {
    const next = ends[i + 1]?.box.y ?? layout.height;
    expect(box.height, 'a rate fits in').toBeGreaterThan(40);
    expect(Math.round(box.y + box.height)).toBeLessThanOrEqual(Math.round(next));
  });
  expect(layout.height).toBeGreaterThan(300);
  layout.workers.forEach((box, i) => {
    const next = layout.workers[i + 1];
    if (next) expect(box.y + box.height).toBeLessThan(next.y);
    expect(box.height).toBeGreaterThanOrEqual(33);
  });
  expect(layout.pipes.map(({ name }) => name)).toContain('engine > worker 32');
});

test('each queue, pipe and worker of the picture has its own messages', async () => {
  const places = placesOf(layOut(1000, 300, ['window'], [1, 10]), ['window'], [1, 10]);
  const pipes = ['window > task queue', 'engine > worker 1', 'worker 1 > engine', 'engine > worker 10'];
  pipes.push('result queue > store');
  const carried = places.map(({ kind, name, carries }) => [`${kind} ${name}`.trim(), pipes.filter(carries)]);
  expect(Object.fromEntries(carried)).toEqual({
    'producer window': ['window > task queue'],
    'task queue': ['window > task queue', 'engine > worker 1', 'engine > worker 10'],
    'pipe engine > worker 1': ['engine > worker 1'],
    'worker 1': ['engine > worker 1', 'worker 1 > engine'],
    'pipe worker 1 > engine': ['worker 1 > engine'],
    'pipe engine > worker 10': ['engine > worker 10'],
    'worker 10': ['engine > worker 10'],
    'pipe worker 10 > engine': [],
    'result queue': ['worker 1 > engine', 'result queue > store'],
    store: ['result queue > store'],
  });
  const { traffic } = trafficOf(10);
  await traffic.poll();
  const [one, ten] = ['worker 1', 'worker 10'].map((title) => {
    const { carries } = places.find(({ kind, name }) => `${kind} ${name}` === title)!;
    return { title, carries };
  });
  traffic.choose(ten!);
  expect(traffic.shown).toEqual([]);
  traffic.choose(one!);
  expect(traffic.shown).toHaveLength(10);
  traffic.filter = 'saved';
  expect(traffic.shown, 'both at once').toHaveLength(5);
  traffic.choose(one!);
  expect(traffic.only, 'once more shows all').toBeNull();
});

test('of many producers the last are drawn, and it is said how many are not', () => {
  expect(drawnOf([1, 2, 3])).toEqual({ drawn: [1, 2, 3], more: 0 });
  expect(drawnOf([1, 2, 3, 4, 5, 6, 7, 8])).toEqual({ drawn: [3, 4, 5, 6, 7, 8], more: 2 });
});

test('an empty queue is drawn empty, a full one full', () => {
  expect(fullness(0, null, 100)).toBe(0);
  expect(fullness(50, 50, 50)).toBe(1);
  expect(fullness(10, null, 10)).toBeLessThan(1);
});

test('a dot goes along the curve of its pipe, from its start to its end', () => {
  const [pipe] = layOut(1000, 300, ['window'], [1]).pipes;
  const [x1, y1, x2, y2] = pipe!.ends;
  expect(placeOn(pipe!.ends, 0)).toEqual({ x: x1, y: y1 });
  expect(placeOn(pipe!.ends, 1)).toEqual({ x: x2, y: y2 });
  const half = placeOn(pipe!.ends, 0.5);
  expect(half.x).toBeCloseTo((x1 + x2) / 2);
  expect(half.y).toBeCloseTo((y1 + y2) / 2);
  expect(pipe!.path).toMatch(`M${x1.toFixed(1)} ${y1.toFixed(1)}C`);
});
