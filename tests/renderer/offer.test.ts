import { beforeEach, expect, test, vi } from 'vitest';
import { Offer } from '../../renderer/state/offer.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let offer: Offer;
let copied: string;
let fresh: number;

beforeEach(() => {
  [copied, fresh] = ['', 0];
  bridge = new FakeBridge();
  bridge.answers = {
    copiedLinks: ({ do: what }: { do: string }) => (what === 'forget' ? (copied = '') : copied),
    preview: () => ({ batch: 'batch-1', counts: { url: fresh, duplicate: 0, known: 2, rejected: 0 } }),
    discardBatch: () => null,
  };
  offer = new Offer(bridge);
});

test('what was copied is counted and its list is not kept', async () => {
  [copied, fresh] = ['https://a.example/1\nhttps://a.example/2', 2];
  await offer.refresh();
  expect(offer.count).toBe(2);
  expect(bridge.times('discardBatch')).toBe(1);
  expect(offer.take()).toBe('https://a.example/1\nhttps://a.example/2');
  expect([offer.count, copied]).toEqual([0, '']);
});

test('links that the list has already are no offer, also when they came into it meanwhile', async () => {
  [copied, fresh] = ['https://a.example/1', 1];
  await offer.refresh();
  fresh = 0;
  await offer.refresh();
  expect([offer.count, copied]).toEqual([0, '']);
});

test('what was not wanted does not come back with an answer that was on its way', async () => {
  [copied, fresh] = ['https://a.example/1', 1];
  let open = (): void => {};
  bridge.gate = new Promise((resolve) => (open = resolve));
  const late = offer.refresh();
  await vi.waitFor(() => expect(bridge.times('preview')).toBe(1));
  offer.forget();
  open();
  await late;
  expect(offer.count).toBe(0);
});
