// `sluice serve`: the engine without a window, open to workers of other machines and to Python programs, until a signal.
import os from 'node:os';
import path from 'node:path';
import { Engine } from '../engine/engine.ts';
import { openInstance } from '../engine/instance.ts';
import { stateDir } from '../engine/state-dir.ts';
import { openCoordinator } from '../gateway/coordinator.ts';
import { openDiscoverable } from '../gateway/discovery.ts';
import { isLoopback } from '../gateway/doorkeeper.ts';
import { EngineQueues } from '../gateway/engine-queues.ts';
import { loadAuthkey, loadIdentity } from '../gateway/identity.ts';
import { openPythonDoor } from '../gateway/python-managers.ts';
import { UsageError, type NetworkCommand } from './options.ts';
import { reportTo } from './report.ts';
import type { Surroundings } from './run.ts';
import { signalled } from './signalled.ts';

type Serve = Extract<NetworkCommand, { kind: 'serve' }>;

const TAP_MS = 250;

/** Serves until SIGINT or SIGTERM; resolves to 0 then. */
export async function serve(command: Serve, around: Surroundings): Promise<number> {
  const { run } = command;
  const { output, stdout, nativeBinding, spawnWorker, version } = around;
  const dataDir = stateDir(run.data);
  const instance = await openInstance(dataDir, nativeBinding);
  if (instance.kind === 'second') {
    instance.remote.close();
    throw new UsageError(`Another Sluice runs on ${dataDir} already. Use another --data directory, or end that one.`);
  }
  const authkey = await loadAuthkey(command.authkeyFile ?? path.join(dataDir, 'authkey'));
  const dir = path.resolve(run.dir ?? '.');
  const none = run.settings.workers === 0;
  const engine = new Engine({ dataDir, spawnWorker, nativeBinding, overrides: { ...run.settings, dir }, version });
  const stopped = signalled();
  const closers: (() => unknown)[] = [];
  const report = reportTo(output, run.json, stdout);
  engine.onSignal((signal) => report.tell(signal));
  try {
    await instance.listen(engine.handlers, () => {});
    const identity = isLoopback(command.listen.host)
      ? undefined
      : await loadIdentity(path.join(dataDir, 'identity.pem'));
    const coordinator = await openCoordinator({
      ...command.listen,
      authkey,
      ...(identity && { identity }),
      orAnotherPort: false,
      name: os.hostname(),
      onWorker: (port, info) => engine.attachWorker(port, info.id),
    });
    closers.push(() => coordinator.close());
    output.told(
      'listening',
      {
        for: 'workers',
        host: coordinator.host,
        port: coordinator.port,
        fingerprint: identity?.fingerprint ?? null,
      },
      run.json,
    );
    if (command.python) {
      const queues = new EngineQueues(engine);
      const onError = (error: unknown) => process.stderr.write(`sluice: python door: ${String(error)}\n`);
      const pythonAuthkey = await loadAuthkey(command.pythonAuthkeyFile ?? path.join(dataDir, 'python-authkey'));
      const key = { authkey: pythonAuthkey, allowMd5: command.md5 };
      const door = await openPythonDoor({ ...command.python, ...key, queues, onError });
      closers.push(
        () => queues.close(),
        () => door.close(),
      );
      output.told('listening', { for: 'python', host: command.python.host, port: door.port }, run.json);
    }
    if (command.discoverable && identity) {
      const about = { name: os.hostname(), port: coordinator.port, fingerprint: identity.fingerprint };
      const discoverable = await openDiscoverable(about);
      closers.push(() => discoverable.close());
    }
    if (run.json) closers.push(tellTap(engine, (message) => output.json({ event: 'message', ...message })));
    if (!none) engine.start();
    await stopped;
    return 0;
  } finally {
    // The doors first: nobody comes in any more, and what Python programs hold goes back while there is a list.
    for (const close of closers.reverse()) await close();
    await engine.close();
    report.end();
    instance.close();
  }
}

function tellTap(engine: Engine, tell: (message: object) => void): () => void {
  let seq = 0;
  const timer = setInterval(() => {
    for (const message of engine.view.traffic(seq).messages) {
      seq = message.seq;
      tell(message);
    }
  }, TAP_MS);
  return () => clearInterval(timer);
}
