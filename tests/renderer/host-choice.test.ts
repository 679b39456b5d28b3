import { expect, test } from 'vitest';
import { App } from '../../renderer/state/app.svelte.ts';
import { HostChoice } from '../../renderer/state/host-choice.svelte.ts';
import { FakeBridge } from './fake-bridge.ts';

function choiceOf(hosts: { host: string; count: number }[], total = hosts.length) {
  const bridge = new FakeBridge(3);
  bridge.answers = { hosts: () => ({ hosts, total }) };
  const app = new App(bridge);
  return { bridge, app, choice: new HostChoice(app) };
}

const labels = (choice: HostChoice) =>
  (choice.items ?? []).map((item) => (item.kind === 'line' ? '-' : `${item.checked ? '*' : ''}${item.label}`));

test('the hosts of the list as it is filtered are offered, and one that is chosen narrows it', async () => {
  const { bridge, app, choice } = choiceOf([
    { host: 'a.test', count: 1200 },
    { host: 'b.test', count: 3 },
  ]);
  app.filter({ status: 'failed' });
  await choice.ask({ x: 10, y: 20 });
  expect(bridge.asked.find(({ name }) => name === 'hosts')?.arg).toMatchObject({ query: { status: 'failed' } });
  expect(labels(choice)).toEqual(['*All hosts', '-', 'a.test', 'b.test']);
  const first = choice.items![2]!;
  if (first.kind !== 'item') throw new Error('a line');
  expect(first.key).toBe('1,200');
  first.run();
  expect(app.downloads.query).toMatchObject({ status: 'failed', host: 'a.test' });
  await choice.ask({ x: 10, y: 20 });
  expect(labels(choice)).toEqual(['All hosts', '-', '*a.test', 'b.test']);
  expect(choice.place).toEqual({ x: 10, y: 20 });
  choice.close();
  expect(choice.items).toBeNull();
});

test('how many more hosts there are is said, and a refusal is a message', async () => {
  const { bridge, app, choice } = choiceOf([{ host: 'a.test', count: 1 }], 61);
  await choice.ask({ x: 10, y: 20 });
  expect(labels(choice).at(-1)).toBe('60 more hosts: use the search');
  choice.close();
  bridge.answers = { hosts: () => new Error('no') };
  await choice.ask({ x: 10, y: 20 });
  expect(choice.items).toBeNull();
  expect(app.toasts.list.at(-1)).toMatchObject({ kind: 'error', text: 'no' });
});
