// One engine a state directory: a lock that the system drops with the process, and a local socket to reach its holder.
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { number, read } from '../../shared/schema.ts';
import { answer, ApiError, refusal, type Answer } from '../../shared/answer.ts';
import type { CallArg, CallName, CallResult, Handlers } from '../../shared/api.ts';
import { systemWhy, WhyError } from '../../shared/system-why.ts';
import { told } from '../../shared/told.ts';
import { because } from '../../shared/why.ts';
import type { CloseReason, Port } from '../transport/port.ts';
import { defaultFrameLimits } from '../transport/frames.ts';
import { tcpPort } from '../transport/tcp.ts';

/** Calls the engine that runs on a state directory. Throws the ApiError that the call was answered with. */
export type Remote = {
  call<N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>>;
  /** Brings the window to the front and gives it something to open, maybe nothing; false when the engine has no window. */
  open(opened: Opened): Promise<boolean>;
  close(): void;
};

/** Files and links that a window shows to the person before anything is added. */
const Opened = v.object({ files: v.array(v.string()), text: v.string() });
export type Opened = v.InferOutput<typeof Opened>;

export type First = {
  kind: 'first';
  listen: (handlers: Handlers, open?: (opened: Opened) => void) => Promise<void>;
  /** Takes no more calls: who calls now is told that it has ended, and may be the next. */
  leave: () => void;
  close: () => void;
};
export type Instance = First | { kind: 'second'; remote: Remote };

const Request = v.object({ call: number(), name: v.string(), arg: v.optional(v.unknown()) });
const Reply = v.object({ call: number(), answer: v.optional(v.unknown()) });
const OPEN = 'open';
/** Unix socket paths are short: 104 bytes on macOS, 108 on Linux. */
const SOCKET_PATH_MAX_BYTES = 100;
/** What a frame says besides the answer, at most. */
const FRAME_BYTES = 100;
const CONNECT_TRIES = 40;
const CONNECT_PAUSE_MS = 50;

const gone = (): Answer => ({ ok: false, error: told('gone', because('sluice-ended')) });

/** Whether a call failed because the one that was called has ended: then it may have been done, or not. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.told.code === 'gone';

/** The pipe is over, but who is at its other end may well be there. */
function broken(reason: CloseReason): Answer {
  const why = reason.kind === 'error' ? systemWhy(reason.cause) : because('no-reason');
  return { ok: false, error: told('internal', because('went-wrong', { because: why })) };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));

/** Takes the state directory, or finds who has it. Throws when it cannot be written. */
export async function openInstance(dataDir: string, nativeBinding: string | undefined): Promise<Instance> {
  const dir = path.resolve(dataDir);
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (let tries = 0; ; tries++) {
    const unlock = lock(dir, nativeBinding);
    if (unlock) return first(dir, unlock);
    try {
      return { kind: 'second', remote: await connect(socketPath(dir)) };
    } catch (error) {
      // Its holder is about to listen, or about to leave.
      if (tries >= CONNECT_TRIES) throw new WhyError(because('holder-silent', { dir }), { cause: error });
      await pause();
    }
  }
}

/** An exclusive lock that ends with the process, however it ends; undefined when somebody has it. */
/**
 * Takes the state directory; or gives what there is to do to the one that has it, and returns what came of that. Where that
 * one ends meanwhile, this one may be the next: `give` is called again or not at all.
 */
export async function firstOrGiven<T>(
  dataDir: string,
  nativeBinding: string | undefined,
  give: (remote: Remote) => Promise<T>,
): Promise<First | { kind: 'given'; result: T }> {
  for (;;) {
    const instance = await openInstance(dataDir, nativeBinding);
    if (instance.kind === 'first') return instance;
    try {
      return { kind: 'given', result: await give(instance.remote) };
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      instance.remote.close();
    }
  }
}

function lock(dir: string, nativeBinding: string | undefined): (() => void) | undefined {
  const db = new Database(path.join(dir, 'lock.db'), { timeout: 0, ...(nativeBinding ? { nativeBinding } : {}) });
  try {
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    return () => db.close();
  } catch (error) {
    db.close();
    if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

function first(dir: string, unlock: () => void): Instance {
  const server = net.createServer();
  const sockets = new Set<net.Socket>();
  let leaving = false;
  return {
    kind: 'first',
    listen(handlers, open) {
      const address = socketPath(dir);
      if (process.platform !== 'win32') fs.rmSync(address, { force: true });
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        serve(tcpPort(socket), async (name, arg) => {
          if (leaving) {
            // Whoever is told so asks again until this process has ended.
            await pause();
            return gone();
          }
          return name === OPEN ? opened(arg, open) : answered(handlers, name, arg);
        });
      });
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(address, () => {
          if (process.platform !== 'win32') fs.chmodSync(address, 0o600);
          resolve();
        });
      });
    },
    leave() {
      leaving = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      unlock();
    },
  };
}

function serve(port: Port, answerTo: (name: string, arg: unknown) => Promise<Answer>): void {
  port.onMessage((raw) => {
    const request = read(Request, raw);
    if (!request.success) return port.close();
    const { call, name, arg } = request.output;
    void answerTo(name, arg).then((result) => port.send({ call, answer: result }));
  });
}

function opened(arg: unknown, open: ((opened: Opened) => void) | undefined): Answer {
  const parsed = read(Opened, arg);
  if (parsed.success) open?.(parsed.output);
  return { ok: true, value: parsed.success && open !== undefined };
}

async function answered(handlers: Handlers, name: string, arg: unknown): Promise<Answer> {
  // Most programs are never called: they need not load what they could be asked.
  const { calls } = await import('../../shared/api.ts');
  const result = await answer(calls, handlers, name, arg);
  const sizeBytes = Buffer.byteLength(JSON.stringify(result)) + FRAME_BYTES;
  if (sizeBytes <= defaultFrameLimits.maxJsonBytes) return result;
  return { ok: false, error: told('answer-too-large', because('answer-too-large', { name, bytes: sizeBytes })) };
}

async function connect(address: string): Promise<Remote> {
  const socket = net.connect(address);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const port = tcpPort(socket);
  const open = new Map<number, (answer: Answer) => void>();
  let lastCall = 0;
  let ended: Answer | null = null;
  port.onMessage((raw) => {
    const reply = read(Reply, raw);
    if (!reply.success) return port.close();
    open.get(reply.output.call)?.(reply.output.answer as Answer);
    open.delete(reply.output.call);
  });
  port.onClose((reason) => {
    ended = reason.kind === 'eof' ? gone() : broken(reason);
    for (const settle of open.values()) settle(ended);
    open.clear();
  });
  const ask = async (name: string, arg: unknown) => {
    const call = ++lastCall;
    const bytes = Buffer.byteLength(JSON.stringify(arg)) + FRAME_BYTES;
    if (bytes > defaultFrameLimits.maxJsonBytes) throw refusal('too-large', because('call-too-large', { bytes }));
    const result = await new Promise<Answer>((settle) => {
      if (ended) return settle(ended);
      open.set(call, settle);
      port.send({ call, name, arg });
    });
    if (!result.ok) throw new ApiError(result.error);
    return result.value;
  };
  return {
    call: async (name, arg) => (await ask(name, arg)) as CallResult<typeof name>,
    open: async (opened) => (await ask(OPEN, opened)) === true,
    close: () => port.close(),
  };
}

function socketPath(dir: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\sluice-${digestOf(dir)}`;
  const inside = path.join(dir, 'control.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_MAX_BYTES) return inside;
  const folder = path.join(process.env['XDG_RUNTIME_DIR'] ?? os.tmpdir(), `sluice-${process.getuid?.() ?? 0}`);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return path.join(folder, `${digestOf(dir)}.sock`);
}

function digestOf(dir: string): string {
  return createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 24);
}
