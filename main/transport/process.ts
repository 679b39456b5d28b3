// Ports between a process and its child: over Node's own channel, or Electron's to a utility process.
import { fork, type ChildProcess } from 'node:child_process';
import { postedPort } from './posted.ts';
import type { CloseReason, Port } from './port.ts';

/** Starts a Node process from `entry` that talks through a Port. Its standard output is not ours to mix with. */
export function forkWorker(entry: string): { port: Port; pid: number | undefined; kill: () => void } {
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  return { port: childPort(child), pid: child.pid, kill: () => child.kill('SIGKILL') };
}

/** The parent's end of a child started with an IPC channel. */
export function childPort(child: ChildProcess): Port {
  const { port, hear, gone } = postedPort({
    post: (value) => void (child.connected && child.send(value, failed)),
    // Messages handed over already go out first.
    leave: () => setImmediate(() => child.connected && child.disconnect()),
  });
  const failed = (cause: Error | null) => cause && gone(reasonOf(cause));
  child.on('message', hear);
  child.on('error', failed);
  child.once('disconnect', () => gone({ kind: 'eof' }));
  child.once('exit', () => gone({ kind: 'eof' }));
  return port;
}

/** The child's end. Throws when this process was not started with an IPC channel. */
export function parentPort(): Port {
  if (!process.send) throw new Error('This process has no parent to talk to.');
  const { port, hear, gone } = postedPort({
    post: (value) => void (process.connected && process.send!(value, undefined, undefined, failed)),
    leave: () => setImmediate(() => process.connected && process.disconnect()),
  });
  const failed = (cause: Error | null) => cause && gone(reasonOf(cause));
  process.on('message', hear);
  process.once('disconnect', () => gone({ kind: 'eof' }));
  return port;
}

/** Codes with which a channel says that the other end is gone rather than that something is wrong. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_IPC_CHANNEL_CLOSED', 'ERR_IPC_DISCONNECTED']);

function reasonOf(cause: NodeJS.ErrnoException): CloseReason {
  return GONE.has(cause.code ?? '') ? { kind: 'eof' } : { kind: 'error', cause };
}

/** What Electron gives a utility process as `process.parentPort`, as far as a Port needs it. */
export type UtilityChannel = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
};

/** The child's end in an Electron utility process; the process dies with its parent. */
export function utilityPort(channel: UtilityChannel): Port {
  const { port, hear } = postedPort({ post: (value) => channel.postMessage(value) });
  channel.on('message', ({ data }) => hear(data));
  return port;
}
