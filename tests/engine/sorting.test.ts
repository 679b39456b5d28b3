// Categories that a person changed: folders of their own, and every download where its category is now.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answer } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult } from '../../shared/api.ts';
import { usualCategories, type Category } from '../../shared/category.ts';
import { Engine } from '../../main/engine/engine.ts';
import { expectSaid } from '../support/said.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

let dir: string;
let engine: Engine;

beforeEach(() => {
  dir = tempDir();
  // Not started: nothing downloads, all stay as they were added.
  engine = new Engine({ dataDir: path.join(dir, 'data'), spawnWorker: fakeWorkers().spawn, overrides: { dir } });
});
afterEach(() => engine.close());

async function call<N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>> {
  const result = await answer(calls, engine.handlers, name, arg);
  if (!result.ok) {
    expectSaid(result.error);
    throw new Error(`${result.error.code}: ${result.error.message}`);
  }
  return result.value as CallResult<N>;
}

const rows = async () => (await call('list', { query: {}, offset: 0, limit: 100 })).rows;
const urlOf = (name: string) => `https://a.test/${name}`;
const add = (...names: string[]) => call('add', { downloads: names.map((name) => ({ url: urlOf(name) })) });
const having = (name: string, change: Partial<Category>) =>
  usualCategories.map((category) => (category.name === name ? { ...category, ...change } : category));

test('a category with a folder gets its files there; a relative one lies in the download folder, a chosen one wins', async () => {
  const elsewhere = path.join(tempDir(), 'films');
  await call('changeSettings', {
    categories: having('video', { dir: elsewhere }).map((one) =>
      one.name === 'audio' ? { ...one, dir: 'Music' } : one,
    ),
  });
  await add('film.mkv', 'song.flac', 'paper.pdf');
  expect((await rows()).map((row) => row.dir)).toEqual([elsewhere, path.join(dir, 'Music'), dir]);
  expect(fs.existsSync(elsewhere), 'it is there').toBe(true);

  const text = ['film2.mkv', 'song2.flac', 'film.mkv', 'film3.mkv'].map(urlOf).join('\n');
  const { batch, folders } = await call('preview', { text });
  const told = folders
    .filter(({ url, known }) => url + known > 0)
    .map(({ category, dir: to, url, known }) => [category, to, url, known]);
  expect(told).toEqual([
    ['video', elsewhere, 2, 1],
    ['audio', path.join(dir, 'Music'), 1, 0],
  ]);
  await call('addBatch', { batch, dir: path.join(dir, 'chosen') });
  expect((await rows()).slice(3).map((row) => row.dir)).toEqual(Array(3).fill(path.join(dir, 'chosen')));

  const said = await call('preview', { text: urlOf('unnamed') });
  await call('addBatch', { batch: said.batch, category: 'video' });
  expect((await rows()).at(-1)).toMatchObject({ category: 'video', dir: elsewhere });
});

test('without folders a preview names none', async () => {
  expect((await call('preview', { text: urlOf('film.mkv') })).folders).toEqual([]);
});

test('a change of the categories sorts the list anew; what a person sorted stays, under a new name, too', async () => {
  await add('film.mkv', 'talk.vtt', 'paper.pdf');
  const { batch } = await call('preview', { text: urlOf('get') });
  await call('addBatch', { batch, category: 'video' });
  const categories = async () => (await rows()).map(({ category }) => category);
  expect(await categories()).toEqual(['video', 'other', 'documents', 'video']);

  await call('changeSettings', { categories: having('video', { extensions: ['mkv', '.VTT'] }) });
  expect(await categories()).toEqual(['video', 'video', 'documents', 'video']);
  await call('changeSettings', { categories: having('video', { name: 'Films', extensions: ['mkv', 'vtt'] }) });
  expect(await categories()).toEqual(['Films', 'Films', 'documents', 'Films']);
  expect(engine.view.counts().categories).toEqual({ Films: 3, documents: 1 });
  await call('changeSettings', { categories: [] });
  expect(await categories()).toEqual(['other', 'other', 'other', 'other']);
  expect(engine.view.counts().categories).toEqual({ other: 4 });
});

test.each([
  ['two of one name', [...usualCategories, { name: 'Video', extensions: [], dir: '' }], /two categories called Video/],
  [
    'one extension in two',
    having('audio', { extensions: ['mkv'] }),
    /\.mkv cannot be in two categories: video and audio/,
  ],
  ['no name', having('audio', { name: ' ' }), /needs a name/],
  ['the name of what is left', having('audio', { name: 'Other' }), /name is taken/],
  ['no extension', having('audio', { extensions: ['a b'] }), /follows the last dot/],
  ['a folder that is a file', having('audio', { dir: '/dev/null/x' }), /cannot be used as the download folder/],
])('%s is refused and changes nothing', async (_, categories, why) => {
  await expect(call('changeSettings', { categories })).rejects.toThrow(why);
  expect((await call('settings', null)).categories).toEqual(usualCategories);
});
