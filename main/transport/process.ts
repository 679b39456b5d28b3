// Ports over Node's own channel between a process and its child.
import { fork, type ChildProcess } from 'node:child_process';
import { Inbox } from './inbox.ts';
import type { Port } from './port.ts';

/** As many messages may wait in the channel before `send` says that it is full. */
const FULL_AT = 128;

/** Starts a Node process from `entry` that talks through a Port. Its standard output is not ours to mix with. */
export function forkWorker(entry: string): { port: Port; pid: number | undefined; kill: () => void } {
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  return { port: childPort(child), pid: child.pid, kill: () => child.kill('SIGKILL') };
}

/** The parent's end of a child started with an IPC channel. */
export function childPort(child: ChildProcess): Port {
  const inbox = new Inbox();
  child.on('message', (messages) => deliverAll(inbox, messages));
  child.on('error', (cause) => inbox.end({ kind: 'error', cause }));
  child.once('disconnect', () => inbox.end({ kind: 'eof' }));
  child.once('exit', () => inbox.end({ kind: 'eof' }));
  return channelPort(
    inbox,
    (message, sent) => child.connected && child.send(message, sent),
    () => child.connected && child.disconnect(),
  );
}

/** The child's end. Throws when this process was not started with an IPC channel. */
export function parentPort(): Port {
  if (!process.send) throw new Error('This process has no parent to talk to.');
  const inbox = new Inbox();
  process.on('message', (messages) => deliverAll(inbox, messages));
  process.once('disconnect', () => inbox.end({ kind: 'eof' }));
  return channelPort(
    inbox,
    (message, sent) => process.connected && process.send!(message, undefined, undefined, sent),
    () => process.connected && process.disconnect(),
  );
}

/** Anything but a list of messages is no message of ours, and the reader will say so. */
function deliverAll(inbox: Inbox, messages: unknown): void {
  for (const message of Array.isArray(messages) ? (messages as unknown[]) : [messages]) inbox.deliver(message);
}

function channelPort(
  inbox: Inbox,
  send: (message: object, sent: (error: Error | null) => void) => boolean,
  disconnect: () => void,
): Port {
  // What is said in one go travels in one go: a write for each message would cost more than the message.
  let batch: unknown[] = [];
  let waiting = 0;
  const onDrained: (() => void)[] = [];
  const drain = () => {
    for (const resolve of onDrained.splice(0)) resolve();
  };
  const flush = () => {
    if (batch.length === 0) return;
    const messages = batch;
    batch = [];
    send(messages, (error) => sent(messages.length, error));
  };
  const sent = (count: number, error: Error | null) => {
    waiting -= count;
    if (error) inbox.end({ kind: 'error', cause: error });
    if (waiting === 0 || inbox.ended) drain();
  };
  return {
    send(message) {
      if (inbox.ended) return false;
      waiting++;
      if (batch.push(message) === 1) queueMicrotask(flush);
      return waiting < FULL_AT;
    },
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.whenClosed(listener),
    drained: () =>
      waiting === 0 || inbox.ended ? Promise.resolve() : new Promise((resolve) => onDrained.push(resolve)),
    close() {
      if (inbox.ended) return;
      flush();
      inbox.end({ kind: 'closed' });
      // Messages handed over already go out first.
      setImmediate(disconnect);
      drain();
    },
  };
}

/** What Electron gives a utility process as `process.parentPort`, as far as a Port needs it. */
export type UtilityChannel = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
};

/** The child's end in an Electron utility process; the process dies with its parent, so there is no other end of it. */
export function utilityPort(channel: UtilityChannel): Port {
  const inbox = new Inbox();
  channel.on('message', ({ data }) => inbox.deliver(data));
  return {
    send(message) {
      if (inbox.ended) return false;
      channel.postMessage(message);
      return true;
    },
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.whenClosed(listener),
    drained: () => Promise.resolve(),
    close: () => inbox.end({ kind: 'closed' }),
  };
}
