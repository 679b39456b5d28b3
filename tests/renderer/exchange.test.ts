import { beforeEach, expect, test } from 'vitest';
import { Exchange } from '../../renderer/state/exchange.svelte.ts';
import { Preferences } from '../../renderer/state/preferences.svelte.ts';
import { Toasts } from '../../renderer/state/toasts.svelte.ts';
import type { Answer } from '../../shared/answer.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let toasts: Toasts;
let exchange: Exchange;
let opened: string[][];
const said = () => toasts.list.map(({ kind, text }) => [kind, text]);

beforeEach(() => {
  bridge = new FakeBridge();
  toasts = new Toasts();
  opened = [];
  exchange = new Exchange({
    bridge,
    toasts,
    preferences: new Preferences(bridge),
    addFrom: (files) => void opened.push(files),
  });
});

test('the form follows the name that was chosen, and secrets go along only when they were asked for', async () => {
  bridge.answers['chooseSave'] = ({ name }: { name: string }) => `/lists/${name}`;
  await exchange.exportTo('list');
  exchange.secrets = true;
  await exchange.exportTo('settings');
  expect(bridge.asked.filter(({ name }) => name.startsWith('export'))).toEqual([
    { name: 'exportList', arg: { file: '/lists/sluice-list.txt', format: 'text', secrets: false } },
    { name: 'exportSettings', arg: { file: '/lists/sluice-settings.json', format: 'json', secrets: true } },
  ]);
  expect(said()).toEqual([
    ['info', 'Written to /lists/sluice-list.txt'],
    ['info', 'Written to /lists/sluice-settings.json'],
  ]);
});

test('who thinks better of it writes nothing; what cannot be written is said', async () => {
  bridge.answers['chooseSave'] = () => null;
  await exchange.exportTo('list');
  expect(bridge.times('exportList')).toBe(0);
  bridge.answers['chooseSave'] = () => '/full/list.txt';
  bridge.answers['exportList'] = () => new Error('The disk is full.');
  await exchange.exportTo('list');
  expect(said()).toEqual([['error', 'The disk is full.']]);
});

test('settings are taken over and what is wrong in them is named; lists are shown, the others are told', async () => {
  bridge.answers['chooseLists'] = () => ['/in/settings.json', '/in/a.txt', '/in/gone.json', '/in/b.txt'];
  const why = { code: 'bad-setting', message: 'It is wrong.' };
  const problem = (name: string) => ({
    name,
    line: 3,
    why,
    ...(name === 'a' && { atMost: 9 }),
    ...(name === 'b' && { atLeast: 2 }),
  });
  const call = bridge.call;
  const answers: Record<string, Answer> = {
    '/in/settings.json': { ok: true, value: { changed: 2, problems: ['a', 'b', 'c', 'd', 'e'].map(problem) } },
    '/in/gone.json': { ok: false, error: { code: 'not-read', message: 'There is no such file.' } },
  };
  Object.assign(bridge, {
    call: (name: string, arg: { file: string }) =>
      name === 'importSettings'
        ? Promise.resolve(answers[arg.file] ?? { ok: false, error: { code: 'no-settings', message: 'None.' } })
        : call(name as never, arg as never),
  });
  const all: string[] = [];
  toasts.info = (text) => void all.push(text);
  toasts.error = (text) => void all.push(`! ${text}`);
  await exchange.importFrom();
  expect(opened, 'shown together').toEqual([['/in/a.txt', '/in/b.txt']]);
  expect(all).toEqual([
    '2 settings taken over',
    '! Line 3: a was not taken over. It has to be at most 9.',
    '! Line 3: b was not taken over. It has to be at least 2.',
    '! Line 3: c was not taken over. It is wrong.',
    '! 2 more were not taken over.',
    '! There is no such file.',
  ]);
});
