// `sluice worker`: this machine works for another one's engine, or for a Python program's manager.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultSettings } from '../../shared/settings.ts';
import { runWorker } from '../download/run-worker.ts';
import { usableDir } from '../engine/adding.ts';
import { Engine } from '../engine/engine.ts';
import { openInstance } from '../engine/instance.ts';
import { loadAuthkey, plainFingerprint } from '../gateway/identity.ts';
import { type JoinError, stayJoined } from '../gateway/join.ts';
import { withoutLeftovers } from '../gateway/back/leftovers.ts';
import { inOwnFolder } from '../gateway/back/own-folder.ts';
import { workForManager } from '../gateway/python/manager-work.ts';
import type { PythonManagerError } from '../gateway/python/client.ts';
import { sendingBack } from '../gateway/back/sending.ts';
import { UsageError, type NetworkCommand } from './options.ts';
import type { Output } from './output.ts';
import { reportTo } from './report.ts';
import type { Surroundings } from './run.ts';
import { signalled } from './signalled.ts';

/** Takes tasks from a coordinator until a signal comes, and joins again when the line breaks. */
export async function join(
  command: Extract<NetworkCommand, { kind: 'join' }>,
  { output, hashThread, version }: Surroundings,
): Promise<number> {
  const { to, fingerprint, parallel, sendBack, run } = command;
  const dir = usableDir(run.dir ?? '.');
  const stop = new AbortController();
  void signalled().then(() => stop.abort());
  let status = 0;
  // By its certificate, which it keeps wherever it listens.
  const coordinator = fingerprint === undefined ? `${to.host}:${to.port}` : plainFingerprint(fingerprint);
  await stayJoined({
    ...to,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    authkey: await keyOf(command.authkeyFile),
    id: nameFor(dir),
    signal: stop.signal,
    work: (port) => {
      output.told('joined', { host: to.host, port: to.port }, run.json);
      const known = fingerprint === undefined ? port : withoutLeftovers(port, dir, coordinator);
      const own = inOwnFolder(known, dir, coordinator);
      return runWorker(sendBack ? sendingBack(own) : own, {
        ...{ slots: parallel, hashThread, version, signal: stop.signal },
      });
    },
    onTrouble: (error, againMs) => {
      if (againMs === null) status = 1;
      tellTrouble(error, againMs, run.json ? output : null);
    },
  });
  return status;
}

/** Takes addresses from a Python manager's task queue and puts what became of them into its result queue. */
export async function joinPython(
  command: Extract<NetworkCommand, { kind: 'join-python' }>,
  around: Surroundings,
): Promise<number> {
  const { to, run, dict } = command;
  const { output, stdout, nativeBinding, spawnWorker, hasher, version } = around;
  const dir = usableDir(run.dir ?? '.');
  const dataDir = path.resolve(run.data ?? path.join(dir, '.sluice'));
  const authkey = await keyOf(command.authkeyFile);
  const instance = await openInstance(dataDir, nativeBinding);
  if (instance.kind === 'second') {
    instance.remote.close();
    throw new UsageError(`Another Sluice works in ${dataDir} already.`);
  }
  const stop = new AbortController();
  void signalled().then(() => stop.abort());
  const overrides = { ...run.settings, dir };
  const report = await reportTo(output, run.json, stdout);
  const engine = new Engine({ dataDir, spawnWorker, hasher, nativeBinding, overrides, version });
  try {
    await instance.listen(engine.handlers);
    engine.start();
    engine.onSignal((signal) => report.tell(signal));
    const { lost, failed } = await workForManager({
      ...{ ...to, authkey, allowMd5: command.md5, engine, dict, exit: run.exit, signal: stop.signal },
      room: run.settings.parallel ?? defaultSettings.parallel,
      onJoined: () => output.told('joined', { host: to.host, port: to.port }, run.json),
      onTrouble: (error, againMs) => tellTrouble(error, againMs, run.json ? output : null),
    });
    if (lost > 0) process.stderr.write(`sluice: ${lost} tasks have neither a result nor gone back to the manager.\n`);
    return lost > 0 || failed ? 1 : 0;
  } finally {
    instance.leave();
    await engine.close();
    report.end();
    instance.close();
  }
}

async function keyOf(file: string): Promise<Buffer> {
  if (!fs.existsSync(file)) throw new UsageError(`There is no authkey file ${file}. Copy it from the other machine.`);
  return loadAuthkey(file);
}

/** This machine's name for itself at a coordinator: the same for the same folder, so that it finds its files again. */
function nameFor(dir: string): string {
  const digest = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 8);
  return `${os
    .hostname()
    .replace(/[^\w-]/g, '-')
    .slice(0, 40)}-${digest}`;
}

/** In words, and as JSON where that is wanted. */
function tellTrouble(error: JoinError | PythonManagerError, againMs: number | null, json: Output | null): void {
  const { code, message } = error;
  json?.json({ event: 'trouble', code, message, ...('said' in error && { said: error.said }), againMs });
  const next = againMs === null ? '' : ` Next try in ${(againMs / 1000).toFixed(1)} s.`;
  process.stderr.write(`sluice: ${error.message}${next}\n`);
}
