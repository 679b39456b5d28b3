// Ports between a process and its child: over Node's own channel, or Electron's to a utility process.
import { fork, type ChildProcess } from 'node:child_process';
import { postedPort, type Channel } from './posted.ts';
import type { CloseReason, Port } from './port.ts';

/** What a child that is gone has said is heard by then. */
const LAST_WORDS_MS = 1000;

/** Starts a Node process from `entry` that talks through a Port. Its standard output is not ours to mix with. */
export function forkWorker(
  entry: string,
  args: readonly string[] = [],
): { port: Port; pid: number | undefined; kill: () => void } {
  const child = fork(entry, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  return { port: childPort(child), pid: child.pid, kill: () => child.kill('SIGKILL') };
}

/** The parent's end of a child started with an IPC channel. */
export function childPort(child: ChildProcess): Port {
  const { port, hear, gone } = postedPort(channelOf(child, (cause) => gone(reasonOf(cause))));
  child.on('message', hear);
  child.on('error', (cause) => gone(reasonOf(cause)));
  const ended = () => gone({ kind: 'eof' });
  child.once('disconnect', ended);
  // What it said last may still be in the channel, which ends by itself, unless a process of its own holds it.
  child.once('exit', () => (child.connected ? void setTimeout(ended, LAST_WORDS_MS).unref() : ended()));
  return port;
}

/** The child's end. Throws when this process was not started with an IPC channel. */
export function parentPort(): Port {
  if (!process.send) throw new Error('This process has no parent to talk to.');
  const { port, hear, gone } = postedPort(channelOf(process as Linked, (cause) => gone(reasonOf(cause))));
  process.on('message', hear);
  process.once('disconnect', () => gone({ kind: 'eof' }));
  return port;
}

/** Either end of Node's own channel. */
type Linked = Pick<ChildProcess, 'connected' | 'send' | 'disconnect'>;

function channelOf(linked: Linked, failed: (cause: NodeJS.ErrnoException) => void): Channel {
  let onTheWay = 0;
  let leaving = false;
  const arrived = (cause: Error | null): void => {
    onTheWay -= 1;
    // Of one that is gone what it said before may still be unread; the channel ends by itself behind that.
    if (cause && reasonOf(cause).kind === 'error') failed(cause);
    // Who lets go before would take back what the system had no room for yet.
    if (leaving && onTheWay === 0 && linked.connected) linked.disconnect();
  };
  return {
    post(value) {
      if (!linked.connected) return;
      onTheWay += 1;
      linked.send(value, undefined, undefined, arrived);
    },
    leave: () => void (leaving = true),
  };
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
