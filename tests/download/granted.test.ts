// Connections given and taken back while a download runs.
import { expect, test } from 'vitest';
import { startBench } from '../support/lease.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';

const SIZE = 24_000_000;

test('a running download takes the connections that it is given later, and gives back those that it is told to', async () => {
  const origin = await originForTest();
  origin.serve('/f', { sizeBytes: SIZE, bytesPerS: 3_000_000 });
  const bench = startBench();
  const open = (): number => origin.requests('/f').filter((seen) => seen.open).length;
  const ended = bench.download(origin.url('/f'), { connections: 1 });
  await origin.served('/f', 1_000_000);
  expect(origin.requests('/f')).toHaveLength(1);

  bench.send({ kind: 'connections', id: 1, epoch: 1, connections: 4 });
  await origin.requested('/f', 4);
  const told = bench.messages.length;

  bench.send({ kind: 'connections', id: 1, epoch: 1, connections: 2 });
  await bench.until(
    (message) =>
      message.kind === 'progress' &&
      bench.messages.indexOf(message) > told + 3 &&
      message.downloads.some(({ connections }) => connections === 2),
  );
  expect(open()).toBeLessThanOrEqual(2);
  const outcome = await ended;
  expect(bench.read(outcome).equals(contentBytes(seededContent(SIZE)))).toBe(true);
  expect(bench.events()).not.toContain('retrying');
});

test('where a host gives another content to each connection, more that are given do not break the one stream', async () => {
  const origin = await originForTest();
  origin.serve('/f', ({ count }) => ({ sizeBytes: 8_000_000, bytesPerS: 3_000_000, etag: `"${count}"` }));
  const bench = startBench();
  const changes = (): number => bench.events().filter((event) => event === 'changed-on-server').length;
  const ended = bench.download(origin.url('/f'), { connections: 4 });
  await bench.until(() => changes() === 2);
  for (const connections of [3, 4]) {
    await bench.next(
      (message) => message.kind === 'progress' && message.downloads.some((one) => one.connections === 1),
    );
    bench.send({ kind: 'connections', id: 1, epoch: 1, connections });
  }
  expect(bench.read(await ended).equals(contentBytes(seededContent(8_000_000)))).toBe(true);
  expect(changes()).toBe(2);
});
