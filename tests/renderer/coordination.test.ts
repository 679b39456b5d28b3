import { expect, test } from 'vitest';
import { Coordination, pythonLines } from '../../renderer/state/coordination.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

test('a key is asked for only when it is to be seen, and hidden again', async () => {
  const bridge = new FakeBridge();
  bridge.answers['coordination'] = () => ({ coordinator: null, python: null, trouble: 'taken' });
  bridge.answers['coordinationKey'] = ({ of }: { of: string }) => `secret of ${of}`;
  const coordination = new Coordination(bridge);
  await coordination.refresh();
  expect(coordination.state?.trouble).toBe('taken');
  expect(bridge.asked.map(({ name }) => name)).toEqual(['coordination']);
  await coordination.show('python');
  expect(coordination.keys).toEqual({ python: 'secret of python' });
  coordination.hide();
  expect(coordination.keys).toEqual({});
});

test('the lines for Python name the door and its key file, not the key, and hold their proxies', () => {
  const lines = pythonLines('127.0.0.1', 8001, 'C:\\data\\python-authkey');
  expect(lines).toContain('address=("127.0.0.1", 8001), authkey=key');
  expect(lines).toContain(`open("C:\\\\data\\\\python-authkey", 'rb')`);
  expect(lines).toMatch(/^tasks, results = /m);
});
