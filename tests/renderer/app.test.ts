import { beforeEach, expect, test, vi } from 'vitest';
import { refusal } from '../../shared/answer.ts';
import type { Row } from '../../shared/download.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { because } from '../../shared/why.ts';
import { App } from '../../renderer/state/app.svelte.ts';
import { aRow, FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let app: App;

beforeEach(() => {
  bridge = new FakeBridge(3);
  bridge.answers = {
    remove: () => ({ changed: 2, undo: 'token' }),
    undoRemove: () => ({ changed: 2 }),
    takeOpened: () => ({ files: [], text: '' }),
    about: () => ({ locale: 'en-GB' }),
    settings: () => defaultSettings,
  };
  app = new App(bridge);
});

/** Has the window see downloads of these states. */
async function list(states: Row['status'][]): Promise<void> {
  bridge.rows = states.map((status, i) => aRow(i + 1, { status }));
  bridge.revision += 1;
  await app.downloads.load();
  app.downloads.setWindow(0, states.length);
}

test('a removal can be taken back with one click', async () => {
  await app.remove({ ids: [1, 2] }, false);
  expect(app.toasts.list.at(-1)?.text).toBe('2 downloads removed');
  expect(app.toasts.runNewest()).toBe(true);
  await vi.waitFor(() => expect(bridge.asked.at(-1)).toEqual({ name: 'undoRemove', arg: { undo: 'token' } }));
  expect(app.toasts.runNewest()).toBe(false);
});

test('an offer to undo outlives the messages that come after it', async () => {
  await app.remove({ ids: [1, 2] }, false);
  for (const text of ['one', 'two', 'three', 'four']) app.toasts.error(text);
  expect(app.toasts.list.map(({ text }) => text)).toEqual(['2 downloads removed', 'three', 'four']);
});

test('Space pauses what runs, resumes what is paused and tries again what failed', async () => {
  for (const [status, call] of [
    ['running', 'pause'],
    ['queued', 'pause'],
    ['paused', 'resume'],
    ['failed', 'retry'],
  ] as const) {
    await list([status]);
    await app.selection.goTo(0);
    await app.toggle();
    expect(bridge.asked.at(-1)).toEqual({ name: call, arg: { ids: [1] } });
  }
});

test('Space looks at all that is selected, wherever the cursor is, and leaves done ones alone', async () => {
  await list(['done', 'paused', 'running']);
  app.selection.selectAll();
  await app.toggle();
  expect(bridge.asked.at(-1)).toEqual({ name: 'pause', arg: { query: app.downloads.query } });
  await list(['done', 'paused', 'failed']);
  await app.toggle();
  expect(bridge.asked.at(-1)?.name).toBe('resume');
  await list(['done', 'failed']);
  await app.toggle();
  expect(bridge.asked.at(-1)).toEqual({ name: 'retry', arg: { query: app.downloads.query } });
  app.selection.clear();
  await app.selection.goTo(0);
  await app.selection.goTo(1, 'extend');
  await app.toggle();
  expect(bridge.asked.at(-1)).toEqual({ name: 'retry', arg: { ids: [1, 2] } });
  await list(['done', 'done']);
  const before = bridge.asked.length;
  await app.toggle();
  expect(bridge.asked.slice(before)).toEqual([]);

  // One that the list has not at hand any more.
  bridge.answers['detail'] = () => ({ row: aRow(1, { status: 'paused' }) });
  await list([]);
  await app.toggle();
  expect(bridge.asked.at(-1)).toEqual({ name: 'resume', arg: { ids: [1, 2] } });
});

test('a limit is asked for with the one that there is', async () => {
  bridge.answers['detail'] = () => ({ limitBytesPerS: 5000 });
  await app.askLimit([2]);
  expect(app.question).toEqual({ kind: 'limit', ids: [2], limit: 5000 });
  await app.askLimit([2, 3]);
  expect(app.question).toEqual({ kind: 'limit', ids: [2, 3], limit: null });
});

test('what is copied comes from the rows at hand, else from the engine, and is never nothing', async () => {
  const copied = () => bridge.asked.findLast(({ name }) => name === 'copyText')?.arg;
  await list(['done', 'paused', 'done']);
  await app.selection.goTo(2);
  await app.selection.goTo(0, 'toggle');
  const before = bridge.asked.length;
  await app.copySelected('url');
  expect(bridge.asked.slice(before).map(({ name }) => name)).toEqual(['copyText']);
  expect(copied()).toEqual({ text: 'https://files.example/1.bin\nhttps://files.example/3.bin' });

  await list([]);
  bridge.answers['linesOf'] = () => ({ lines: ['1.bin', '3.bin'] });
  await app.copySelected('name');
  expect(bridge.asked).toContainEqual({ name: 'linesOf', arg: { which: { ids: [3, 1] }, what: 'name' } });
  expect(copied()).toEqual({ text: '1.bin\n3.bin' });
  bridge.answers['linesOf'] = () => ({ lines: [] });
  await app.copySelected('name');
  expect(copied(), 'what was there before').toEqual({ text: '1.bin\n3.bin' });
  expect(app.toasts.list.at(-1)?.kind).toBe('error');
});

test('a search that begins late does not take back who has gone elsewhere', () => {
  app.filter({ status: 'failed' });
  app.show('traffic');
  app.narrow({ text: 'atlas' });
  expect([app.view, app.downloads.query.text]).toEqual(['traffic', 'atlas']);
  app.filter({ text: '' });
  expect(app.view).toBe('list');
});

test('an engine that is gone is said, not thrown', async () => {
  const broken = new App({
    call: () => Promise.reject(new Error('gone')),
    shell: bridge.shell,
    onEvent: bridge.onEvent,
    pathOf: bridge.pathOf,
  });
  await broken.act('pause', { ids: [1] });
  expect(broken.toasts.list.at(-1)).toMatchObject({ kind: 'error', text: 'The engine did not answer.' });
});

test('an error is said in the language of the window', async () => {
  bridge.answers['settings'] = () => ({ ...defaultSettings, language: 'zh-CN' });
  bridge.answers['startDemo'] = () => refusal('no-demo', because('no-demo'));
  const stop = app.start();
  await vi.waitFor(() => expect(app.preferences.language).toBe('zh-CN'));
  await app.demo();
  expect(app.toasts.list.at(-1)).toMatchObject({ kind: 'error', text: '此 Sluice 没有演示。' });
  stop();
});

test('what the program was started with is previewed', async () => {
  bridge.answers['takeOpened'] = () => ({ files: ['/lists/a.urls'], text: 'https://files.example/a' });
  bridge.answers['preview'] = () => new Error('not there');
  const stop = app.start();
  await vi.waitFor(() => expect(app.adding.error).toBe('not there'));
  expect(bridge.asked).toContainEqual({
    name: 'preview',
    arg: { files: ['/lists/a.urls'], links: 'https://files.example/a' },
  });
  expect(app.adding.origins).toEqual([
    { kind: 'files', names: ['a.urls'] },
    { kind: 'text', lines: 1 },
  ]);
  stop();
});

test('the menu steers the window', () => {
  const stop = app.start();
  bridge.tell({ event: 'menu', command: 'settings' });
  expect(app.view).toBe('settings');
  bridge.tell({ event: 'menu', command: 'add' });
  expect(app.adding.open).toBe(true);
  bridge.tell({ event: 'menu', command: 'about' });
  expect(app.question.kind).toBe('about');
  stop();
});
