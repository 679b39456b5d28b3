// The list: its pages, its order, what is found in it, and its counts.
import { expect, test } from 'vitest';
import { tempDir } from '../../support/temp-dir.ts';
import { open, prepared, query } from './store-for-test.ts';

test('pages of a sorted list never overlap and hold everything', () => {
  const store = open(tempDir());
  store.add(
    Array.from({ length: 25 }, (_, n) => prepared(`same-size-${n}`)),
    1,
  );
  const seen = [0, 10, 20].flatMap((offset) =>
    store.list.page(query({ sort: 'size' }), offset, 10).map(({ id }) => id),
  );
  expect(new Set(seen).size).toBe(25);
});

test('counts follow every move', () => {
  const store = open(tempDir());
  const [a, b] = store.add([prepared('a'), prepared('b', 'paused'), prepared('c')], 1);
  store.lease(a!);
  store.setStatus(b!, 'failed');
  store.bin.hide({ ids: [b!] }, 5);
  expect(store.list.counts()).toMatchObject({ all: 2, queued: 1, running: 1, paused: 0, failed: 0 });
  store.bin.restore(5);
  expect(store.list.counts()).toMatchObject({ all: 3, failed: 1, categories: { other: 3 } });
});

test.each(['äpfel', 'ÄPFEL', 'a\u0308pfel', 'иван', 'ИВАН', 'straße'])(
  '%s is found in whatever case it is written',
  (text) => {
    const store = open(tempDir());
    store.add([prepared('Äpfel ИваН STRASSE'), prepared('other')], 1);
    expect(store.list.page(query({ text }), 0, 10).map(({ name }) => name)).toEqual(['Äpfel ИваН STRASSE']);
  },
);

test('text is found as it is written, wildcards included', () => {
  const store = open(tempDir());
  store.add([prepared('100%_done'), prepared('100 done')], 1);
  expect(store.list.page(query({ text: '0%_d' }), 0, 10).map(({ name }) => name)).toEqual(['100%_done']);
  expect(store.list.count(query({ text: '100' }))).toBe(2);
});

test('those that failed or are paused for a failure are queued again, and no others', () => {
  const store = open(tempDir());
  const failure = { code: 'disk-full', message: 'No room.', retry: 'when-possible' } as const;
  const ids = store.add(
    (['queued', 'paused', 'done', 'failed', 'paused'] as const).map((status, n) => prepared(`${n}`, status)),
    1,
  );
  store.setStatus(ids[4]!, 'paused', failure);
  expect(store.list.retry({ query: query() })).toBe(2);
  expect(ids.map((id) => store.get(id)!.status)).toEqual(['queued', 'paused', 'done', 'queued', 'queued']);
});

test('entries are moved first, last and before another', () => {
  const store = open(tempDir());
  const [a, b, c, d] = store.add(
    ['a', 'b', 'c', 'd'].map((name) => prepared(name)),
    1,
  ) as [number, number, number, number];
  const order = () =>
    store.list
      .page(query(), 0, 10)
      .map(({ name }) => name)
      .join('');
  store.list.reorder([d], 'first');
  expect(order()).toBe('dabc');
  store.list.reorder([d, a], 'last');
  expect(order()).toBe('bcda');
  store.list.reorder([a, d], { before: c });
  expect(order()).toBe('badc');
  expect(store.list.reorder([b], { before: 99 })).toBe(1);
});
