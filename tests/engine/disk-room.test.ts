// Room on the disk, for all that run together.
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Task } from '../../shared/protocol.ts';
import { add, call, dir, rows, start, validators } from './engine-for-test.ts';
import { fakeWorkers } from './fake-worker.ts';

test('what does not fit on the disk beside the others that run waits, and says so', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const { freeBytes } = await call(engine, 'room', { dir: path.join(dir, 'files') });
  await add(engine, 'http://a.test/one.bin');
  // Another folder of the same disk.
  await call(engine, 'add', { downloads: [{ url: 'http://b.test/two.bin' }], dir: path.join(dir, 'others') });
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  const [one, two] = workers[0]!.tasks as [Task, Task];
  const probe = ({ id, epoch, url }: Task, totalBytes: number) =>
    workers[0]!.send({
      kind: 'probed',
      ...{ id, epoch, contentDisposition: null, validators: validators(url, totalBytes) },
    });
  // Each of them would fit alone.
  const size = Math.floor(freeBytes! * 0.6);
  probe(one, size);
  await vi.waitFor(async () => expect((await rows(engine))[0]).toMatchObject({ sizeBytes: size, status: 'running' }));
  expect(workers[0]!.cancelled).toEqual([]);
  probe(two, size);
  await vi.waitFor(async () =>
    expect(await rows(engine)).toMatchObject([
      { status: 'running' },
      { status: 'paused', failure: { code: 'disk-full', retry: 'when-possible' } },
    ]),
  );
  const [, waiting] = await rows(engine);
  expect(waiting!.failure!.message).toContain(String(size));
});
