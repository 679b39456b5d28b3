// What a worker elsewhere has in its folder from earlier times goes once its coordinator needs it no more, and nothing else.
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { expect, onTestFinished, test } from 'vitest';
import { PROTOCOL } from '../../../shared/protocol-number.ts';
import { FromWorker } from '../../../shared/protocol.ts';
import { withoutLeftovers } from '../../../main/gateway/back/leftovers.ts';
import { markOf } from '../../../main/gateway/back/own-folder.ts';
import { memoryPorts } from '../../../main/transport/memory.ts';
import { someTask } from '../some-task.ts';
import { tempDir } from '../../support/temp-dir.ts';

const hello = { kind: 'hello', protocol: PROTOCOL, pid: 1, machine: 'm', runtime: 'r', slots: 1 } satisfies FromWorker;

function join(folder: string) {
  const [coordinator, raw] = memoryPorts();
  const worker = withoutLeftovers(raw, folder, 'one');
  onTestFinished(() => worker.close());
  const [told, heard]: [FromWorker[], unknown[]] = [[], []];
  coordinator.onMessage((message) => told.push(v.parse(FromWorker, message)));
  worker.onMessage((message) => heard.push(message));
  worker.send(hello);
  const asked = () => told.flatMap((message) => (message.kind === 'result' ? message.id : [])).sort();
  return { coordinator, told, heard, asked };
}

test('a worker asks for each unfinished file of this coordinator, and removes those that are settled', async () => {
  const folder = tempDir();
  const mark = markOf('one');
  const settled = [
    `a.${mark}-1.sluice-part`,
    `a.${mark}-1.sluice-part.new`,
    `${'b'.repeat(48)}.${mark}-22.sluice-part.new`,
  ];
  const others = [
    ...[`a.${mark}-3.sluice-part`, `a.${mark}-4.sluice-part`, `a.${mark}-1.sluice-part.new.new`, `a.${mark}-1.txt`],
    ...[`a.${markOf('two')}-1.sluice-part`, 'a.1.sluice-part', `a${mark}-1.sluice-part`, `a.${mark}-01.sluice-part`],
    ...['a.bin', `a.${mark}-1xsluice-part`],
  ];
  for (const name of [...settled, ...others]) fs.writeFileSync(path.join(folder, name), 'begun');
  fs.mkdirSync(path.join(folder, `a.${mark}-5.sluice-part`));
  const { coordinator, told, heard, asked } = join(folder);
  await expect.poll(asked).toEqual([1, 22, 3, 4]);
  expect(told[0]).toEqual(hello);
  // Which it has begun anew.
  coordinator.send({ kind: 'tasks', tasks: [{ ...someTask, id: 4 }] });
  coordinator.send({ kind: 'settled', ids: [1, 22, 4, 5, 99] });
  await expect.poll(() => heard.length).toBe(2);
  expect(fs.readdirSync(folder).sort()).toEqual([...others, `a.${mark}-5.sluice-part`].sort());
});

test('a worker whose folder is gone asks for nothing, and works', async () => {
  const { told, asked } = join(path.join(tempDir(), 'gone'));
  await expect.poll(() => told).toEqual([hello]);
  expect(asked()).toEqual([]);
});
