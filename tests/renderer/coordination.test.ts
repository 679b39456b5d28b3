import { expect, test } from 'vitest';
import { addressOf, Coordination, isThisMachine, pythonLines } from '../../renderer/state/coordination.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

test('a key is asked for only when it is to be seen, and goes when it is hidden', async () => {
  const bridge = new FakeBridge();
  bridge.answers = {
    coordination: () => ({ coordinator: null, python: null, trouble: null }),
    coordinationKey: () => 'secret',
  };
  const coordination = new Coordination(bridge);
  await coordination.refresh();
  expect(bridge.asked.map(({ name }) => name)).toEqual(['coordination']);
  await coordination.show('coordinator');
  expect(coordination.keys).toEqual({ coordinator: 'secret' });
  coordination.hide();
  expect(coordination.keys).toEqual({});
});

test('the lines for Python name the door and its key file, never the key', () => {
  const lines = pythonLines('127.0.0.1', 8001, 'C:\\data\\"my" key');
  expect(lines).toContain('address=("127.0.0.1", 8001)');
  expect(lines).toContain(String.raw`open("C:\\data\\\"my\" key", 'rb')`);
});

test('an IPv6 address is written in brackets', () => {
  expect(addressOf({ host: '127.0.0.1', port: 7440 })).toBe('127.0.0.1:7440');
  expect(addressOf({ host: '::1', port: 7440 })).toBe('[::1]:7440');
});

test('there are lines for who adds, who works and who listens, and what is open to others is known', () => {
  const of = (as: 'producer' | 'worker' | 'listener') => pythonLines('127.0.0.1', 8001, 'key', as);
  expect(of('producer')).toContain('tasks.put(');
  expect(of('worker')).toContain("results.put(url + '--->success')");
  expect(of('listener')).not.toContain('tasks.put(');
  expect(['127.0.0.1', '::1', '0.0.0.0', '10.0.0.1'].map(isThisMachine)).toEqual([true, true, false, false]);
});
