import { beforeEach, expect, test, vi } from 'vitest';
import type { Preview, Verdict } from '../../shared/api.ts';
import { Adding } from '../../renderer/state/adding.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let adding: Adding;
let batches: number;

const line = (number: number, kind: Verdict['kind'] = 'url'): Verdict => ({
  line: number,
  text: `line ${number}`,
  kind,
});

function preview(total: number): Preview {
  batches += 1;
  return {
    batch: `batch ${batches}`,
    counts: { url: total - 1, duplicate: 0, known: 1, rejected: 0 },
    lines: Array.from({ length: Math.min(total, 200) }, (_, i) => line(i + 1)),
    total,
    checksums: 0,
    dir: '/downloads',
    freeBytes: 1000,
    folders: [],
  };
}

beforeEach(() => {
  batches = 0;
  bridge = new FakeBridge();
  bridge.answers = {
    preview: () => preview(1000),
    previewLines: ({ offset, limit }: { offset: number; limit: number }) => ({
      lines: Array.from({ length: limit }, (_, i) => line(offset + i + 1)),
      total: 1000,
    }),
    addBatch: () => ({ added: 999, firstId: 1 }),
    room: () => ({ freeBytes: 77 }),
  };
  adding = new Adding(bridge);
});

test('what was dropped is understood at once, and later lines are fetched when they are looked at', async () => {
  await adding.openWith({ files: ['/lists/a.txt'] });
  expect(adding.count).toBe(999);
  expect(adding.lineAt(0)?.text).toBe('line 1');
  expect(adding.lineAt(700)).toBeNull();
  adding.want(690, 20);
  await vi.waitFor(() => expect(adding.lineAt(700)?.text).toBe('line 701'));
  const before = bridge.times('previewLines');
  adding.want(695, 10);
  expect(bridge.times('previewLines')).toBe(before);
});

test('a hundred thousand lines of text are not put into the box', async () => {
  const text = 'https://files.example/1\n'.repeat(100_000);
  await adding.openWith({ text });
  expect(adding.text).toBe('');
  expect(adding.origins).toEqual([{ kind: 'text', lines: 100_000 }]);
});

test('a newer text wins over a slower answer, and the older batch is given back', async () => {
  let open = (): void => {};
  bridge.gate = new Promise((resolve) => (open = resolve));
  const first = adding.openWith({ text: 'https://one.example/' });
  bridge.gate = null;
  await adding.openWith({ text: 'https://two.example/' });
  open();
  await first;
  expect(adding.preview?.batch).toBe('batch 2');
  expect(bridge.asked).toContainEqual({ name: 'discardBatch', arg: { batch: 'batch 1' } });
});

test('known ones are added only when asked for, and the folder only when it is another one', async () => {
  await adding.openWith({ text: 'https://one.example/' });
  adding.known = true;
  expect(adding.count).toBe(1000);
  expect(adding.freeBytes).toBe(1000);
  await adding.setDir('/elsewhere');
  expect(adding.freeBytes, 'of the disk that was chosen').toBe(77);
  expect(await adding.confirm()).toBe(999);
  expect(bridge.asked.at(-1)).toEqual({
    name: 'addBatch',
    arg: { batch: 'batch 1', dir: '/elsewhere', known: true, paused: false },
  });
  expect(adding.open).toBe(false);
  expect(bridge.times('discardBatch')).toBe(0);
});

test('folders are those of the categories until one is chosen, and again when it is taken back', async () => {
  const folder = (category: string, dir: string, url: number, known = 0) => ({
    category,
    dir,
    url,
    known,
    freeBytes: 5,
  });
  const folders = [folder('video', '/films', 600), folder('audio', '/music', 0, 1), folder('other', '/downloads', 399)];
  bridge.answers['preview'] = () => ({ ...preview(1000), folders });
  bridge.answers['room'] = () => ({ freeBytes: 7 });
  await adding.openWith({ text: 'https://one.example/' });
  const told = () => adding.folders.map(({ dir, count }) => `${count} ${dir}`);
  expect(told()).toEqual(['600 /films', '399 /downloads']);
  expect([adding.dir, adding.freeBytes]).toEqual(['', null]);
  adding.known = true;
  expect(told()).toEqual(['600 /films', '1 /music', '399 /downloads']);
  adding.options.category = 'audio';
  expect(told()).toEqual(['1000 /music']);
  await adding.setDir('/elsewhere');
  expect([told(), adding.freeBytes]).toEqual([['1000 /elsewhere'], 7]);
  await adding.setDir('');
  expect(adding.dir).toBe('/music');
  await adding.confirm();
  expect(bridge.asked.at(-1)).toMatchObject({ name: 'addBatch', arg: { category: 'audio' } });
  expect(bridge.asked.at(-1)!.arg).not.toHaveProperty('dir');
});

test('when adding goes wrong the dialog stays and says why', async () => {
  bridge.answers['addBatch'] = () => new Error('The folder may not be written.');
  await adding.openWith({ text: 'https://one.example/' });
  expect(await adding.confirm()).toBeNull();
  expect(adding.open).toBe(true);
  expect(adding.error).toBe('The folder may not be written.');
});

test('what was typed last is understood before anything is added, however soon it is confirmed', async () => {
  const one = 'https://one.example/';
  const two = 'https://two.example/';
  await adding.openWith({ text: one });
  adding.typed(`${one}\n${two}`);
  expect(await adding.confirm()).toBe(999);
  expect(bridge.asked.slice(-3)).toEqual([
    { name: 'preview', arg: { text: `${one}\n${two}` } },
    { name: 'discardBatch', arg: { batch: 'batch 1' } },
    { name: 'addBatch', arg: { batch: 'batch 2', known: false, paused: false } },
  ]);

  // And while the engine still reads it.
  const reading = adding.openWith({ text: one });
  const confirmed = adding.confirm();
  expect(await adding.confirm(), 'said twice').toBeNull();
  expect(await confirmed).toBe(999);
  await reading;
  expect(bridge.times('addBatch')).toBe(2);
});

test('what comes while the dialog stands open stands there with the rest', async () => {
  const asked = () => bridge.asked.findLast(({ name }) => name === 'preview')?.arg;
  adding.openEmpty();
  adding.typed('https://typed.example/');
  adding.openEmpty();
  adding.known = true;
  await adding.openWith({ text: 'https://opened.example/' });
  expect(asked()).toEqual({ text: 'https://typed.example/\nhttps://opened.example/' });
  expect([adding.text, adding.origins]).toEqual(['https://typed.example/\nhttps://opened.example/', []]);
  await adding.openWith({ files: ['/lists/a.txt'], links: '' });
  await adding.openWith({ html: '<a href="https://page.example/">' });
  await adding.openWith({ files: ['C:\\lists\\b.txt'], links: 'https://with.example/' });
  expect(asked()).toEqual({
    files: ['/lists/a.txt', 'C:\\lists\\b.txt'],
    links: 'https://typed.example/\nhttps://opened.example/\nhttps://with.example/',
    page: '<a href="https://page.example/">',
  });
  expect(adding.origins).toEqual([
    { kind: 'files', names: ['a.txt', 'b.txt'] },
    { kind: 'page' },
    { kind: 'text', lines: 3 },
  ]);
  expect(adding.known, 'and so does what was chosen').toBe(true);

  const confirmed = adding.confirm();
  await adding.openWith({ text: 'https://late.example/' });
  expect(await confirmed).toBe(999);
  expect([asked(), adding.open]).toEqual([{ text: 'https://late.example/' }, true]);
});

test('a box that was emptied adds nothing and reads nothing', async () => {
  await adding.openWith({ text: 'https://one.example/' });
  adding.typed('https://two.example/');
  let open = (): void => {};
  bridge.gate = new Promise((resolve) => (open = resolve));
  const confirmed = adding.confirm();
  adding.typed(' ');
  open();
  expect(await confirmed).toBeNull();
  expect([adding.busy, adding.count, adding.adding]).toEqual([false, 0, false]);
});

test('leaving gives the batch back', async () => {
  await adding.openWith({ text: 'https://one.example/' });
  adding.cancel();
  expect(bridge.asked.at(-1)).toEqual({ name: 'discardBatch', arg: { batch: 'batch 1' } });
});
