import { expect, test } from 'vitest';
import { Helping, isFingerprint, readAddress } from '../../renderer/state/helping.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

const order = { host: 'h', port: 7440, fingerprint: '', dir: '/d', parallel: 8, sendBack: false };

test('without a key that is written the kept one serves, and the dialog closes when it was started', async () => {
  const bridge = new FakeBridge();
  const state = { state: 'joining', order, hasKey: true, trouble: null };
  bridge.answers = { startHelping: () => state };
  const helping = new Helping(bridge);
  helping.ask();
  await helping.start(order, ' ');
  expect(bridge.asked).toEqual([{ name: 'startHelping', arg: { order, key: null } }]);
  expect([helping.asking, helping.state]).toEqual([false, state]);
});

test('an address may leave out the port, and says when it is none', () => {
  expect(readAddress('attic:8000')).toEqual({ host: 'attic', port: 8000 });
  expect(readAddress(' attic ')).toEqual({ host: 'attic', port: 7440 });
  expect(readAddress('[::1]:8000')).toEqual({ host: '::1', port: 8000 });
  for (const none of ['', 'a b', 'attic:0', 'attic:99999', '::1']) expect(readAddress(none), none).toBeNull();
  expect([isFingerprint('ab'.repeat(32)), isFingerprint(''), isFingerprint('ab')]).toEqual([true, true, false]);
});
