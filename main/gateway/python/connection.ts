// The wire of Python's multiprocessing.connection: length-prefixed messages and the two-way challenge of the authkey.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { Cutter } from '../../transport/cutter.ts';

/** The other end has closed, died or sent what is no message. */
export class ConnectionEnded extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionEnded';
  }
}

/** A peer that sends this many messages without waiting for an answer does not speak this protocol. */
const MAX_WAITING = 16;
/** More unsent bytes than this end the connection: the other end does not read. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** How long a closed connection may take to get its last bytes away, in ms. */
const LINGER_MS = 2_000;

/** Messages over a socket: 4 bytes of length (signed, big-endian), or -1 and 8 bytes, then the bytes. */
export class PythonConnection {
  /** Longer messages end the connection. Small until the login, as in Python. */
  maxMessageBytes = 256;
  readonly #socket: Socket;
  readonly #ended = new AbortController();
  /** Fires when the other end is gone. */
  readonly signal = this.#ended.signal;
  readonly #inbox: Buffer[] = [];
  #reader: { resolve: (message: Buffer) => void; reject: (error: Error) => void } | undefined;
  #why = 'The connection has ended.';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    const cutter = new Cutter(
      (bytes, at, available) => this.#measure(bytes, at, available),
      (bytes, at, end) => this.#take(bytes.subarray(at + (bytes.readInt32BE(at) === -1 ? 12 : 4), end)),
    );
    socket.on('data', (chunk: Buffer) => {
      try {
        if (!this.signal.aborted) cutter.push(chunk);
      } catch (error) {
        if (!(error instanceof ConnectionEnded)) throw error;
        this.#end(error.message);
      }
    });
    socket.on('end', () => this.#end('The other end has closed the connection.'));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('The connection is lost.'));
    if (socket.destroyed) this.#end('The connection is lost.');
  }

  /** The next message. Rejects with ConnectionEnded. One reader at a time. */
  receive(): Promise<Buffer> {
    const message = this.#inbox.shift();
    if (message) return Promise.resolve(message);
    if (this.signal.aborted) return Promise.reject(new ConnectionEnded(this.#why));
    return new Promise((resolve, reject) => (this.#reader = { resolve, reject }));
  }

  /**
   * Has every message dealt with as it comes, one after the other. Rejects with ConnectionEnded in the end, or with what
   * `act` has thrown. Without a promise for each message, of which there are many.
   */
  each(act: (message: Buffer) => Promise<void> | undefined): Promise<never> {
    return new Promise((_resolve, reject) => {
      const reader = {
        resolve: (message: Buffer) => {
          let busy: Promise<void> | undefined;
          try {
            busy = act(message);
          } catch (error) {
            return reject(error instanceof Error ? error : new Error(String(error)));
          }
          if (busy) busy.then(next, reject);
          else next();
        },
        reject,
      };
      const next = () => {
        const message = this.#inbox.shift();
        if (message) reader.resolve(message);
        else if (this.signal.aborted) reject(new ConnectionEnded(this.#why));
        else this.#reader = reader;
      };
      next();
    });
  }

  send(message: Buffer | string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const length = Buffer.byteLength(message);
    const bytes = Buffer.allocUnsafe(4 + length);
    bytes.writeInt32BE(length, 0);
    if (typeof message === 'string') bytes.write(message, 4, 'latin1');
    else message.copy(bytes, 4);
    this.#socket.write(bytes);
    if (this.#socket.writableLength <= MAX_UNSENT_BYTES) return;
    this.#end('The other end does not read.');
    this.#socket.destroy();
  }

  /** Ends the connection once what was sent is away. */
  close(): void {
    this.#end('The connection was closed.');
    if (this.#socket.destroyed) return;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #measure(bytes: Buffer, at: number, available: number): number {
    if (available < 4) return 4;
    const short = bytes.readInt32BE(at);
    if (short < -1) throw new ConnectionEnded('A message has no length.');
    if (short === -1 && available < 12) return 12;
    const length = short === -1 ? Number(bytes.readBigUInt64BE(at + 4)) : short;
    if (length > this.maxMessageBytes) {
      throw new ConnectionEnded(`A message of ${length} bytes is over the limit of ${this.maxMessageBytes}.`);
    }
    return (short === -1 ? 12 : 4) + length;
  }

  #take(message: Buffer): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) return reader.resolve(message);
    if (this.#inbox.length >= MAX_WAITING) throw new ConnectionEnded('Too many messages came at once.');
    this.#inbox.push(message);
  }

  #end(why: string): void {
    if (this.signal.aborted) return;
    this.#why = why;
    const reader = this.#reader;
    this.#reader = undefined;
    this.#ended.abort();
    reader?.reject(new ConnectionEnded(why));
  }
}

export interface PythonKey {
  authkey: Buffer;
  /** Whether HMAC-MD5 is good enough, the only one that Python before 3.12 knows. */
  allowMd5: boolean;
}

const CHALLENGE = Buffer.from('#CHALLENGE#');
const WELCOME = Buffer.from('#WELCOME#');
const FAILURE = Buffer.from('#FAILURE#');
const digests: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha3_256', 'sha3-256'],
  ['sha3_384', 'sha3-384'],
]);
/** Bytes of a challenge as Python before 3.12 sends it, and of its answer; anything longer names its digest. */
const OLD_CHALLENGE_BYTES = 20;
const OLD_ANSWER_BYTES = 16;

/** Asks the other end to prove that it has the key. Before a no goes out `beforeRefusal` is awaited. */
export async function deliverChallenge(
  connection: PythonConnection,
  key: PythonKey,
  beforeRefusal: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  const message = Buffer.concat([Buffer.from('{sha256}'), randomBytes(40)]);
  connection.send(Buffer.concat([CHALLENGE, message]));
  const good = isRightAnswer(key, message, await connection.receive());
  if (!good) await beforeRefusal();
  connection.send(good ? WELCOME : FAILURE);
  return good;
}

/** Proves to the other end that we have the key; false when either side will not have it. */
export async function answerChallenge(connection: PythonConnection, key: PythonKey): Promise<boolean> {
  const asked = await connection.receive();
  if (!asked.subarray(0, CHALLENGE.length).equals(CHALLENGE)) return false;
  const message = asked.subarray(CHALLENGE.length);
  const old = message.length === OLD_CHALLENGE_BYTES;
  const name = old ? 'md5' : digestName(message);
  if (!name || (name === 'md5' && !key.allowMd5)) return false;
  const mac = macOf(name, key.authkey, message);
  if (!mac) return false;
  connection.send(old ? mac : Buffer.concat([Buffer.from(`{${name}}`), mac]));
  return (await connection.receive()).equals(WELCOME);
}

function isRightAnswer(key: PythonKey, message: Buffer, answer: Buffer): boolean {
  const old = answer.length === OLD_ANSWER_BYTES;
  const name = old ? 'md5' : digestName(answer);
  if (!name || (name === 'md5' && !key.allowMd5)) return false;
  const given = old ? answer : answer.subarray(name.length + 2);
  const right = macOf(name, key.authkey, message);
  return right !== null && right.length === given.length && timingSafeEqual(right, given);
}

/** The digest that a `{name}` at the beginning names. */
function digestName(message: Buffer): string | null {
  const name = /^\{([a-z0-9_]{1,8})\}/.exec(message.toString('latin1', 0, 10))?.[1];
  return name && digests.has(name) ? name : null;
}

/** Null where this runtime does not have the digest (SHA-3 in Electron). */
function macOf(name: string, authkey: Buffer, message: Buffer): Buffer | null {
  try {
    return createHmac(digests.get(name)!, authkey).update(message).digest();
  } catch {
    return null;
  }
}
