import { beforeEach, expect, test, vi } from 'vitest';
import { Downloads } from '../../renderer/state/downloads.svelte.ts';
import { nextOrder, type ListQuery } from '../../renderer/state/query.ts';
import { aRow, FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let downloads: Downloads;

beforeEach(async () => {
  bridge = new FakeBridge(100_000);
  downloads = new Downloads(bridge);
  await downloads.load();
});

test('of a hundred thousand rows only those around the visible ones are fetched', async () => {
  downloads.setWindow(50_000, 20);
  expect(downloads.rows.every((row) => row === null)).toBe(true);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(50_001));
  expect(downloads.rows).toHaveLength(20);
  const fetched = bridge.asked.filter(({ name }) => name === 'list').map(({ arg }) => (arg as { limit: number }).limit);
  expect(Math.max(...fetched)).toBeLessThan(200);
});

test('scrolling by a few rows asks for nothing new', async () => {
  downloads.setWindow(1000, 20);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1001));
  const before = bridge.times('list');
  for (let first = 1000; first < 1030; first += 1) downloads.setWindow(first, 20);
  expect(downloads.rows[0]?.id).toBe(1030);
  expect(bridge.times('list')).toBe(before);
  downloads.setWindow(1045, 20);
  expect(downloads.rows, 'asked for more before they were missing').not.toContain(null);
  await vi.waitFor(() => expect(bridge.times('list')).toBe(before + 1));
});

test('only what has not come is asked for, unless the list is another one by now', async () => {
  const asked = () => {
    const { offset, limit } = bridge.asked.findLast(({ name }) => name === 'list')!.arg as Record<string, number>;
    return [offset, limit];
  };
  downloads.setWindow(1000, 20);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1001));
  expect(asked()).toEqual([940, 140]);
  downloads.setWindow(1045, 20);
  expect(asked()).toEqual([1080, 45]);
  await vi.waitFor(() => expect(downloads.rowAt(1124)?.id).toBe(1125));
  expect(downloads.rowAt(940)?.id, 'what had come is kept').toBe(941);

  bridge.rows.splice(500, 1);
  bridge.revision += 1;
  downloads.setWindow(1090, 20);
  expect(asked()).toEqual([1125, 45]);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1092));
  expect(asked()).toEqual([1030, 140]);
  for (let index = 1030; index < 1170; index += 1) expect(downloads.rowAt(index)?.id).toBe(index + 2);
});

test('what changes out of sight leaves the rows in sight as they are', async () => {
  downloads.setWindow(0, 5);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1));
  const shown = downloads.rows;
  downloads.changed(bridge.changed([aRow(30, { status: 'running' })]));
  expect(downloads.rows).toBe(shown);
  downloads.changed(bridge.changed([aRow(3, { status: 'running' })]));
  expect(downloads.rows[2]?.status).toBe('running');
});

test('what runs is shown fresh, and keeps its last state until the list has it', async () => {
  downloads.setWindow(0, 5);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1));
  const running = aRow(1, { status: 'running', sizeBytes: 100, doneBytes: 40 });
  downloads.changed(bridge.changed([running]));
  expect(downloads.rows[0]).toMatchObject({ status: 'running', doneBytes: 40 });

  bridge.rows[0] = aRow(1, { status: 'done', sizeBytes: 100, doneBytes: 100 });
  bridge.revision += 1;
  downloads.changed(bridge.changed());
  expect(downloads.rows[0]?.doneBytes, 'never back to the old row').toBe(40);
  await vi.waitFor(() => expect(downloads.rows[0]?.status).toBe('done'));
});

test('what ended is shown as ended, also when the list told of it before the event did', async () => {
  downloads.setWindow(0, 5);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1));
  downloads.changed(bridge.changed([aRow(1, { status: 'running', sizeBytes: 100, doneBytes: 40 })]));
  bridge.rows[0] = aRow(1, { status: 'done', sizeBytes: 100, doneBytes: 100 });
  bridge.revision += 1;
  await downloads.load();
  downloads.changed(bridge.changed());
  expect(downloads.rows[0]?.status).toBe('done');
});

test('a thousand changes in a moment cause a few fetches, not a thousand', async () => {
  downloads.setWindow(0, 5);
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1));
  const before = bridge.times('list');
  bridge.rows.splice(0, 1);
  const event = bridge.changed();
  for (let i = 1; i <= 1000; i += 1) downloads.changed({ ...event, revision: bridge.revision + i });
  bridge.revision += 1000;
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(2));
  expect(bridge.times('list') - before).toBeLessThan(5);
});

test('the answer to an old question is not shown under a new one', async () => {
  let open = (): void => {};
  bridge.gate = new Promise((resolve) => (open = resolve));
  downloads.setQuery({ text: '77' });
  bridge.gate = null;
  downloads.setQuery({ text: '12345' });
  open();
  await vi.waitFor(() => expect(downloads.total).toBe(1));
  downloads.setWindow(0, 5);
  expect(downloads.rows.map((row) => row?.name)).toEqual(['12345.bin']);
});

test('speeds of the last minute are kept, one a second, and forgotten when it was silent', () => {
  const event = bridge.changed();
  for (let i = 1; i <= 70; i += 1) {
    downloads.changed({ ...event, running: [aRow(3, { status: 'running', bytesPerS: i })] });
    downloads.sampleSpeeds();
  }
  expect(downloads.speedsOf(3)).toHaveLength(60);
  expect(downloads.speedsOf(3).at(-1)).toBe(70);
  downloads.changed(event);
  for (let i = 0; i < 60; i += 1) downloads.sampleSpeeds();
  expect(downloads.speedsOf(3)).toEqual([]);
});

test('a list by speed is fetched anew while it runs, at most every two seconds', async () => {
  downloads.setWindow(0, 5);
  downloads.setQuery({ sort: 'speed', descending: true });
  await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(1));
  const before = bridge.times('list');
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  try {
    downloads.changed(bridge.changed([aRow(1, { status: 'running' })]));
    await Promise.resolve();
    expect(bridge.times('list')).toBe(before);
    vi.setSystemTime(Date.now() + 2000);
    [bridge.rows[0], bridge.rows[1]] = [bridge.rows[1]!, bridge.rows[0]!];
    downloads.changed(bridge.changed([aRow(1, { status: 'running' })]));
    await vi.waitFor(() => expect(downloads.rows[0]?.id).toBe(2));
  } finally {
    vi.useRealTimers();
  }
});

test('what is done stands by its end, the newest first, until another order is chosen; other lists have the queue’s order again', () => {
  const order = () => [downloads.query.sort, downloads.query.descending];
  downloads.setQuery({ sort: 'name' });
  downloads.setQuery({ status: 'failed' });
  expect(order()).toEqual(['name', false]);
  downloads.setQuery({ status: 'done' });
  expect(order()).toEqual(['finished', true]);
  downloads.setQuery({ text: 'atlas' });
  expect(order(), 'in what is searched, too').toEqual(['finished', true]);
  for (let click = 0; click < 3; click += 1) downloads.setQuery(nextOrder(downloads.query, 'size'));
  expect(order(), 'the third click').toEqual(['finished', true]);
  downloads.setQuery({ status: 'all' });
  expect(order()).toEqual(['position', false]);
});

test('what is queued stands as it will start, unless another order was chosen before', () => {
  const orderOf = (status: ListQuery['status']) => {
    downloads.setQuery({ status });
    return downloads.query.sort;
  };
  expect(orderOf('queued')).toBe('priority');
  expect(orderOf('paused')).toBe('position');
  downloads.setQuery({ sort: 'size' });
  expect([orderOf('queued'), orderOf('all')]).toEqual(['size', 'size']);
});

test('a click on a column sorts upwards, downwards, and not at all; the fastest come first', () => {
  const clicked = (key: 'size' | 'speed') => {
    downloads.setQuery(nextOrder(downloads.query, key));
    return [downloads.query.sort, downloads.query.descending];
  };
  expect([clicked('size'), clicked('size'), clicked('size')]).toEqual([
    ['size', false],
    ['size', true],
    ['position', false],
  ]);
  expect([clicked('speed'), clicked('speed'), clicked('speed')]).toEqual([
    ['speed', true],
    ['speed', false],
    ['position', false],
  ]);
});

test('what did not come is said until it comes', async () => {
  const bridge = new FakeBridge(3);
  bridge.answers['list'] = () => new Error('gone');
  const downloads = new Downloads(bridge);
  await downloads.load();
  expect([downloads.trouble, downloads.total]).toEqual(['gone', 0]);
  delete bridge.answers['list'];
  await downloads.load();
  expect([downloads.trouble, downloads.total]).toEqual([null, 3]);
});

test('a list that could not be asked for is not an empty one', async () => {
  const bridge = new FakeBridge(3);
  bridge.answers['overview'] = () => new Error('gone');
  const downloads = new Downloads(bridge);
  await downloads.load();
  expect([downloads.ready, downloads.trouble]).toEqual([false, 'gone']);
  downloads.changed(bridge.changed());
  expect([downloads.ready, downloads.counts.all]).toEqual([true, 3]);
  await vi.waitFor(() => expect([downloads.trouble, downloads.total]).toEqual([null, 3]));
});
