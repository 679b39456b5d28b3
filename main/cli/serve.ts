// `sluice serve`: the engine without a window, open to workers of other machines and to Python programs, until a signal.
import path from 'node:path';
import { HashThreads } from '../download/disk/hashing.ts';
import { receiver } from '../download/received.ts';
import { Engine } from '../engine/engine.ts';
import { openInstance } from '../engine/instance.ts';
import { stateDir } from '../engine/state-dir.ts';
import { Doors } from '../gateway/doors.ts';
import { UsageError, type NetworkCommand } from './options.ts';
import { reportTo } from './report.ts';
import type { Surroundings } from './run.ts';
import { signalled } from './signalled.ts';

type Serve = Extract<NetworkCommand, { kind: 'serve' }>;

const TAP_MS = 250;

/** Serves until SIGINT or SIGTERM; resolves to 0 then. */
export async function serve(command: Serve, around: Surroundings): Promise<number> {
  const { run } = command;
  const { output, stdout, nativeBinding, spawnWorker, hasher, version, hashThread } = around;
  const dataDir = stateDir(run.data);
  const instance = await openInstance(dataDir, nativeBinding);
  if (instance.kind === 'second') {
    instance.remote.close();
    throw new UsageError(`Another Sluice runs on ${dataDir} already. Use another --data directory, or end that one.`);
  }
  const dir = path.resolve(run.dir ?? '.');
  const none = run.settings.workers === 0;
  const overrides = { ...run.settings, dir };
  const report = await reportTo(output, run.json, stdout);
  const incoming = new HashThreads(hashThread);
  const receiving = incoming.state;
  const engine = new Engine({ dataDir, spawnWorker, hasher, receiving, nativeBinding, overrides, version });
  const stopped = signalled();
  const doors = new Doors({
    engine,
    dataDir,
    authkeyFile: command.authkeyFile,
    pythonAuthkeyFile: command.pythonAuthkeyFile,
    openIncoming: receiver(incoming.hashFile),
    onError: (error) => process.stderr.write(`sluice: python door: ${String(error)}\n`),
  });
  let stopTap = () => {};
  engine.onSignal((signal) => report.tell(signal));
  try {
    await instance.listen(engine.handlers);
    await doors.apply({
      coordinator: { ...command.listen, orAnotherPort: false },
      python: command.python && { ...command.python, md5: command.md5, dicts: command.dict },
      discoverable: command.discoverable,
    });
    const { coordinator, python, trouble } = doors.state();
    if (trouble !== null) {
      process.stderr.write(`sluice: ${trouble.message}\n`);
      return 1;
    }
    if (coordinator) {
      const { host, port, fingerprint } = coordinator;
      output.told('listening', { for: 'workers', host, port, fingerprint }, run.json);
    }
    if (python) output.told('listening', { for: 'python', host: python.host, port: python.port }, run.json);
    if (run.json) stopTap = tellTap(engine, (message) => output.json({ event: 'message', ...message }));
    if (!none) engine.start();
    await stopped;
    return 0;
  } finally {
    instance.leave();
    // Nobody comes in any more, and what Python programs hold goes back while there is a list; then workers are told to stop.
    await doors.shut();
    await engine.close();
    await doors.close();
    stopTap();
    report.end();
    instance.close();
  }
}

/** Tells each message once; returns what tells the last ones and ends it. */
function tellTap(engine: Engine, tell: (message: object) => void): () => void {
  let seq = 0;
  const look = () => {
    for (const message of engine.view.messages(seq)) {
      seq = message.seq;
      tell(message);
    }
  };
  const timer = setInterval(look, TAP_MS);
  return () => {
    clearInterval(timer);
    look();
  };
}
