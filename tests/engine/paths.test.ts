// Where files go: one name each, and never two who write to one path.
import { expect, test, vi } from 'vitest';
import { add, call, dir, rows, start, validators } from './engine-for-test.ts';
import { doneOf, fakeWorkers } from './fake-worker.ts';

test('two downloads of one name get two files', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  await add(engine, 'http://a.test/x/IMG.jpg', 'http://b.test/y/img.jpg');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  const names = workers[0]!.tasks.map(({ targetPath }) => targetPath.slice(dir.length));
  expect(names).toEqual(['/files/IMG.jpg', '/files/img (1).jpg']);
  expect(new Set(workers[0]!.tasks.map(({ partPath }) => partPath)).size).toBe(2);
});

test('a name from the server is reserved, and one that stands on the disk is passed over', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [id] = await add(engine, 'http://a.test/get?id=1');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const [worker] = workers;
  const lease = { id: id!, epoch: 1 };
  worker!.send({
    kind: 'probed',
    ...lease,
    validators: validators('http://a.test/get?id=1'),
    contentDisposition: 'attachment; filename="report.pdf"',
  });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report.pdf`));
  worker!.send({ kind: 'target-taken', ...lease });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report (1).pdf`));
  worker!.send({ kind: 'target-taken', ...lease });
  await vi.waitFor(() => expect(worker!.targets.get(id!)).toBe(`${dir}/files/report (2).pdf`));
});

test('the category follows the name that the server gives, unless a person said another', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const urls = ['http://a.test/get?id=1', 'http://a.test/get?id=2'];
  const [first] = await add(engine, urls[0]!);
  const { batch } = await call(engine, 'preview', { text: urls[1]! });
  const { firstId: second } = await call(engine, 'addBatch', { batch, category: 'archives' });
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(2));
  const categories = async () => (await rows(engine)).map(({ category }) => category);
  expect(await categories()).toEqual(['other', 'archives']);
  for (const [n, id] of [first!, second!].entries()) {
    workers[0]!.send({
      kind: 'probed',
      id,
      epoch: 1,
      validators: validators(urls[n]!),
      contentDisposition: `attachment; filename="report-${n}.pdf"`,
    });
    await vi.waitFor(() => expect(workers[0]!.targets.get(id)).toBe(`${dir}/files/report-${n}.pdf`));
  }
  expect(await categories()).toEqual(['documents', 'archives']);
  expect(
    engine.view.running().map(({ category }) => category),
    'while it runs, too',
  ).toEqual(['documents', 'archives']);
  expect(engine.view.counts().categories).toEqual({ documents: 1, archives: 1 });
});

test('a new download waits for its path until the worker of a removed one has let go of it', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  const [first] = await add(engine, 'http://a.test/same.zip');
  await vi.waitFor(() => expect(workers[0]!.tasks).toHaveLength(1));
  const [worker] = workers;
  const target = worker!.tasks[0]!.targetPath;
  const mute = vi.spyOn(worker!, 'settle').mockImplementation(() => {});
  await call(engine, 'remove', { which: { ids: [first!] }, deleteFiles: false });
  const [second] = await add(engine, 'http://a.test/same.zip');
  const locks = () => engine.view.traffic(0).locks;
  await vi.waitFor(() => expect(locks()).toEqual([{ key: target, holder: 'worker 1', depth: 1, waiters: 1 }]));
  expect(worker!.tasks).toHaveLength(1);
  mute.mockRestore();
  worker!.settle(worker!.tasks[0]!, { kind: 'released', extents: [] });
  await vi.waitFor(() => expect(worker!.tasks.map(({ id }) => id)).toEqual([first, second]));
  expect(worker!.tasks[1]!.targetPath).toBe(target);
  expect(locks()).toEqual([{ key: target, holder: 'worker 1', depth: 1, waiters: 0 }]);
  worker!.settle(worker!.tasks[1]!, doneOf(worker!.tasks[1]!));
  await vi.waitFor(() => expect(locks()).toEqual([]));
});

test('folders that differ in case alone are two, as far as the list goes, and neither waits for the other', async () => {
  const { spawn, workers } = fakeWorkers();
  const engine = start(spawn);
  for (const folder of ['Files', 'files']) {
    const downloads = [{ url: `http://${folder}.test/same.zip` }];
    await call(engine, 'add', { downloads, dir: `${dir}/${folder}`, producer: 'test' });
  }
  await vi.waitFor(() => expect(workers[0]?.tasks).toHaveLength(2));
  expect(engine.view.traffic(0).locks.map(({ key }) => key)).toEqual([
    `${dir}/Files/same.zip`,
    `${dir}/files/same.zip`,
  ]);
});
