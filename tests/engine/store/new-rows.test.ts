// What is added: names that are free, all that was said of each, and many at once.
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { partName } from '../../../main/engine/names.ts';
import type { Prepared } from '../../../main/engine/store/store.ts';
import { keepMark, MARK } from '../../support/mark.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { open, prepared, query } from './store-for-test.ts';

test('names that only differ in case are told apart', () => {
  const store = open(tempDir());
  const [first] = store.add([prepared('Straße.txt')], 1);
  const [second] = store.add([prepared('STRASSE.TXT')], 1);
  expect(store.get(second!)!.name).toBe('STRASSE (1).TXT');
  expect(store.reserveName(first!, 'strasse (1).txt')).toBe('strasse (1) (1).txt');
});

test('ten thousand downloads of one name are added in a moment, each with its own, and all are in the journal', () => {
  const dir = tempDir();
  const store = open(dir);
  const all = Array.from({ length: 10_000 }, (_, n) => ({
    ...prepared('index.html'),
    dir: n % 1500 === 0 ? '/other' : '/d',
    download: { url: `http://a.test/${n}/"index".html` },
  }));
  const ids = store.add(all, 1);
  const last = store.list.page(query({ descending: true }), 0, 1)[0]!;
  expect(last.name).toBe('index (9992).html');
  store.close();
  fs.truncateSync(path.join(dir, 'sluice.db'), 0);
  const noted = open(dir).journalled();
  expect(noted.map(({ id, dir, download }) => ({ id, dir, download }))).toEqual(
    all.map(({ dir, download }, n) => ({ id: ids[n], dir, download })),
  );
});

test('of many that are written at once each has its own row, name and id, whichever names are taken', () => {
  const dir = tempDir();
  keepMark(dir);
  const store = open(dir);
  store.add([prepared('17.zip')], 1);
  const unlike: Record<number, string> = { 25: '24.ZIP', 60: 'ä 60.zip' };
  const wanted = Array.from({ length: 250 }, (_, i) => unlike[i] ?? (i % 40 === 39 ? 'same.pdf' : `${i}.zip`));
  const before = { id: 1000, mark: 'older' };
  const all = wanted.map((name, i): Prepared => {
    const host = i < 120 ? (i % 2 ? 'a.test' : 'b.test') : `h${i % 40}.test`;
    const url = `http://${host}/${i}${i === 33 ? '"\\é' : ''}`;
    // Two that are unlike the others, and one whose id is given.
    const more = i === 70 ? { urlKey: `${url}x` } : i === 170 ? { dir: '/other' } : i === 220 ? { before } : {};
    return { ...prepared(name, 'queued', host), download: { url }, urlKey: url, ...more };
  });
  const ids = store.add(all, 1);
  expect(ids).toEqual(all.map((_, i) => (i < 220 ? i + 2 : i + 780)));
  const rows = ids.map((id) => store.get(id)!);
  expect(rows.map(({ url, host, dir }) => ({ url, host, dir }))).toEqual(
    all.map(({ download: { url }, host, dir }) => ({ url, host, dir })),
  );
  const numbered = ['same.pdf', ...Array.from({ length: 5 }, (_, i) => `same (${i + 1}).pdf`)];
  expect(rows.map(({ name }) => name)).toEqual(
    wanted.map((name, i) =>
      name === 'same.pdf' ? numbered.shift()! : i === 17 ? '17 (1).zip' : i === 25 ? '24 (1).ZIP' : name,
    ),
  );
  for (const { id, name, partName: part } of rows) {
    expect(part).toBe(partName(name, id, id === 1000 ? 'older' : MARK));
  }
  expect(store.list.page(query(), 1, 250).map(({ id }) => id)).toEqual(ids);
  expect(store.list.counts()).toMatchObject({ queued: 251, categories: { archives: 245, documents: 6 } });
  expect(store.findUrl('http://b.test/70x')).toBe(ids[70]);
  expect(store.reserveName(ids[0]!, 'Ä 60.ZIP')).toBe('Ä 60 (1).ZIP');
  expect(store.reserveName(ids[0]!, '61.Zip')).toBe('61 (1).Zip');
});

test('what is said of one of many is kept with it, and nothing with those beside it', () => {
  const store = open(tempDir());
  const said = {
    url: 'http://a.test/1',
    mirrors: ['http://b.test/1'],
    name: 'one.zip',
    headers: { referer: 'http://a.test/' },
    checksum: { algorithm: 'md5', hex: '0'.repeat(32) } as const,
    limitBytesPerS: 1000,
    connections: 2,
    category: 'documents',
    priority: 'high' as const,
  };
  const bare = prepared('two.zip');
  const ids = store.add([bare, { ...prepared('one.zip'), download: said }, prepared('two.zip')], 1);
  const [before, given, after] = ids.map((id) => store.get(id)!);
  expect(given).toMatchObject({ ...said, nameGiven: true, categoryGiven: true });
  const nothing = {
    mirrors: [],
    nameGiven: false,
    headers: {},
    checksum: null,
    limitBytesPerS: null,
    connections: null,
    category: 'archives',
    categoryGiven: false,
    priority: 'normal',
  };
  expect(before).toMatchObject({ ...nothing, url: bare.download.url, name: 'two.zip', producer: 'test', addedAt: 1 });
  expect(after).toMatchObject({ ...nothing, url: bare.download.url, name: 'two (1).zip' });
});

test('a long list is added without waiting for its way from the log into the database, which it takes later', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const dir = tempDir();
  const store = open(dir);
  const size = () => fs.statSync(path.join(dir, 'sluice.db')).size;
  const before = size();
  store.add(
    Array.from({ length: 25_000 }, (_, n) => prepared(`${n}.zip`)),
    1,
  );
  store.add([prepared('soon')], 1);
  expect(size()).toBe(before);
  vi.advanceTimersByTime(10_000);
  store.add([prepared('later')], 1);
  expect(size()).toBeGreaterThan(before + 1_000_000);
});
