// A real engine behind a real door, and workers of other machines that join it over loopback.
import { onTestFinished } from 'vitest';
import type { Settings } from '../../shared/settings.ts';
import { hashHere } from '../../main/download/disk/hashing.ts';
import { receiver } from '../../main/download/received.ts';
import { runWorker } from '../../main/download/run-worker.ts';
import { Engine } from '../../main/engine/engine.ts';
import { Doors } from '../../main/gateway/doors.ts';
import { stayJoined } from '../../main/gateway/join.ts';
import { inOwnFolder } from '../../main/gateway/back/own-folder.ts';
import { sendingBack } from '../../main/gateway/back/sending.ts';
import type { Port } from '../../main/transport/port.ts';
import { fakeWorkers } from '../engine/fake-worker.ts';
import { tempDir } from '../support/temp-dir.ts';

export type Address = { host: string; port: number; authkey: Buffer };

/** None of its own workers does anything. */
export async function house(settings: Partial<Settings> = {}) {
  const dataDir = tempDir();
  const dir = tempDir();
  const engine = new Engine({ dataDir, spawnWorker: fakeWorkers().spawn, overrides: { ...settings, dir } });
  const onError = (error: unknown) => {
    throw error;
  };
  const doors = new Doors({ engine, dataDir, openIncoming: receiver(hashHere), onError });
  onTestFinished(async () => {
    await doors.shut();
    await engine.close();
    await doors.close();
  });
  const coordinator = { host: '127.0.0.1', port: 0, orAnotherPort: false };
  await doors.apply({ coordinator, python: null, discoverable: false });
  const { port } = doors.state().coordinator!;
  const authkey = Buffer.from(await doors.keyText('coordinator'));
  const add = async (urls: string[]) =>
    (await engine.handlers.add({ downloads: urls.map((url) => ({ url })), paused: false, producer: 'test' })).ids;
  const row = async (id: number) => (await engine.handlers.detail({ id }))!.row;
  const allDone = async () => {
    const { counts } = await engine.handlers.overview(null);
    return counts.done === counts.all;
  };
  return { engine, dir, dataDir, to: { host: '127.0.0.1', port, authkey }, add, row, allDone };
}

/** A worker in this process that sends back, unless `own` says otherwise; it comes again when the line breaks. */
export function helper(to: Address, name = 'helper', own: (port: Port) => Port = sendingBack): { dir: string } {
  const dir = tempDir();
  const stop = new AbortController();
  const staying = stayJoined({
    ...to,
    id: name,
    signal: stop.signal,
    work: (port) => runWorker(own(inOwnFolder(port, dir, 'house')), { slots: 6, signal: stop.signal }),
    onTrouble: () => {},
  });
  onTestFinished(async () => {
    stop.abort();
    await staying;
  });
  return { dir };
}
