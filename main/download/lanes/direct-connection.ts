// The direct lane's connection: a socket that reads bodies into large reused buffers, which are written to the file as they are.
import { connect as connectPlain, type Socket } from 'node:net';
import type { TransferSettings } from '../../../shared/protocol.ts';
import { connect as connectSecure, type ConnectionOptions } from 'node:tls';
import { BUFFER_BYTES, type Buffers } from './buffers.ts';
import { endedEarly, FailureError, NO_HEAD, noAnswer, noConnection, fellSilent } from '../failures.ts';
import type { Body, Sink } from './lane.ts';
import { Replay } from './replay.ts';
import { findHead, HEAD_MAX_BYTES, parseHead, type ResponseHead } from './response-head.ts';

/** Less room than this in a buffer and the next one takes over; a TLS record and more fits. */
const ROOM_MIN_BYTES = 64 << 10;
/** At so many writes under way the socket is paused. */
const TAKES_MAX = 2;
/** Bytes of a slow body are handed over after this long. */
const GATHER_MAX_MS = 40;
/** Under a speed limit, little of the body is read along with the head. */
const LIMITED_HEAD_BYTES = 4096;
/** A rest that is not wanted but this small is read away, to keep the connection. */
const SKIP_MAX_BYTES = 64 << 10;

type Timeouts = Pick<TransferSettings, 'connectTimeoutMs' | 'idleTimeoutMs'>;

/** A buffer with bytes `[from, filled)` not handed over yet; `takes` writes from it are under way. */
interface Held {
  memory: Buffer;
  from: number;
  filled: number;
  takes: number;
}

/** How a body went: to its end, as far as it was wanted, or not. */
type Over = { end: 'end' | 'enough' } | { error: Error };

/** One connection: asks, gives the head, then is the body. Used again after a proper end. */
export class DirectConnection implements Body {
  /** Called when it can serve another request, and when it begins to. */
  onIdle: (() => void) | null = null;
  onBusy: (() => void) | null = null;
  /** Called once, when it can not be used any more. */
  onDead: (() => void) | null = null;
  reused = false;
  readonly #socket: Socket;
  readonly #url: URL;
  readonly #buffers: Buffers;
  readonly #timeouts: Timeouts;
  #held: Held;
  #head: { resolve(head: ResponseHead): void; reject(error: unknown): void } | null = null;
  #keepAlive = false;
  /** The head as it came, of an answer that is not plain. */
  #rawHead: Buffer | null = null;
  #replay: Replay | null = null;
  #left = 0;
  #sink: Sink | null = null;
  #pumping: { resolve(end: 'end' | 'enough'): void; reject(error: unknown): void } | null = null;
  #over: Over | null = null;
  #takes = 0;
  #paused = false;
  readonly #limitsHead: boolean;
  /** It stands in line before a speed limit. */
  #waits = false;
  #skipping = false;
  #dead = false;
  #error: Error | null = null;
  #timer: NodeJS.Timeout | null = null;
  #unlisten: (() => void) | null = null;
  #lastAt = 0;

  /** `isLimited`: a speed limit holds, by which to read little before it is known whose body comes. */
  constructor(url: URL, secure: ConnectionOptions, buffers: Buffers, timeouts: Timeouts, isLimited: boolean) {
    this.#buffers = buffers;
    this.#timeouts = timeouts;
    this.#limitsHead = isLimited;
    this.#url = url;
    const isSecure = url.protocol === 'https:';
    this.#held = { memory: buffers.take(), from: 0, filled: 0, takes: 0 };
    const options = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (isSecure ? 443 : 80)),
      noDelay: true,
      onread: { buffer: () => this.#room(), callback: (count: number) => this.#onRead(count) },
    };
    this.#socket = isSecure ? connectSecure({ ...options, ...secure }) : connectPlain(options);
    const { connectTimeoutMs } = timeouts;
    const timer = setTimeout(() => this.#socket.destroy(noConnection(connectTimeoutMs)), connectTimeoutMs);
    this.#socket.once(isSecure ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    this.#socket.on('error', (error) => (this.#error ??= error));
    this.#socket.on('end', () => this.#onGone());
    this.#socket.on('close', () => {
      clearTimeout(timer);
      this.#onGone();
    });
    this.#socket.resume();
  }

  /** Sends a request and waits for the head of its answer. Rejects with the network's error. */
  async ask(request: string, signal: AbortSignal): Promise<ResponseHead> {
    const { connectTimeoutMs, idleTimeoutMs } = this.#timeouts;
    this.onBusy?.();
    const stop = (): void => this.drop();
    signal.addEventListener('abort', stop);
    // Until the body is over: a break-off reaches the socket in every state.
    this.#unlisten = () => signal.removeEventListener('abort', stop);
    const timer = setTimeout(() => this.#socket.destroy(noAnswer(this.#url.host)), connectTimeoutMs + idleTimeoutMs);
    try {
      return await new Promise<ResponseHead>((resolve, reject) => {
        this.#head = { resolve, reject };
        if (this.#dead) return this.#onGone();
        if (signal.aborted) return this.drop();
        this.#socket.write(request, 'latin1');
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the connection away together with the answer that is not plain. */
  surrender(): Replay {
    const held = this.#held;
    const soFar = [this.#rawHead ?? Buffer.alloc(0), held.memory.subarray(held.from, held.filled)];
    this.#replay = new Replay(this.#socket, Buffer.concat(soFar));
    // What comes next is read in behind it: the socket was told so already.
    held.from = held.filled;
    if (this.#dead) this.#onGone();
    return this.#replay;
  }

  pump(sink: Sink): Promise<'end' | 'enough'> {
    return new Promise((resolve, reject) => {
      this.#pumping = { resolve, reject };
      this.#sink = sink;
      this.#lastAt = performance.now();
      this.#timer = setInterval(() => this.#tick(), GATHER_MAX_MS);
      this.#came(this.#held.filled - this.#held.from);
      if (this.#dead) this.#onGone();
      else this.#advance();
      this.#resume();
    });
  }

  drop(): void {
    this.#error ??= Object.assign(new Error('Broken off'), { code: 'ECONNABORTED' });
    this.#socket.destroy();
    this.#onGone();
  }

  skip(): void {
    if (this.#left > SKIP_MAX_BYTES) return this.drop();
    this.#skipping = true;
    this.#advance();
    this.#resume();
  }

  /** The memory that the socket reads into next; asked for after each read, long before the next one. */
  #room(): Uint8Array {
    const { memory, filled } = this.#held;
    // Asked for once more after the end; nothing is read into it, and its memory may be another's already.
    if (this.#dead) return memory;
    if (BUFFER_BYTES - filled < ROOM_MIN_BYTES) this.#turn();
    const held = this.#held;
    return held.memory.subarray(held.filled, held.filled + this.#roomBytes);
  }

  /** What TLS has decrypted comes all the same, so there it would only come in more pieces. */
  get #roomBytes(): number {
    if (this.#url.protocol === 'https:' || this.#replay) return BUFFER_BYTES;
    if (this.#sink) return this.#sink.roomBytes;
    return this.#limitsHead ? LIMITED_HEAD_BYTES : BUFFER_BYTES;
  }

  /** Hands over what is held and goes on with another buffer; what cannot be handed over yet moves along. */
  #turn(): void {
    const before = this.#held;
    if (!this.#over) this.#hand();
    this.#held = { memory: this.#buffers.take(), from: 0, filled: 0, takes: 0 };
    if (before.from < before.filled) {
      this.#held.filled = before.memory.copy(this.#held.memory, 0, before.from, before.filled);
    }
    if (before.takes === 0) this.#buffers.giveBack(before.memory);
  }

  #onRead(count: number): boolean {
    if (this.#dead) return false;
    if (this.#replay) {
      const { memory, filled } = this.#held;
      return this.#replay.push(Buffer.from(memory.subarray(filled, filled + count)));
    }
    this.#held.filled += count;
    this.#lastAt = performance.now();
    if (this.#head) this.#parse();
    else if (this.#left === 0 && !this.#sink) this.drop();
    this.#came(count);
    if (this.#sink || this.#skipping) this.#advance();
    const isShut = this.#isShut;
    this.#paused =
      this.#dead ||
      (!this.#sink && !this.#skipping && !this.#head && this.#left > 0) ||
      this.#takes >= TAKES_MAX ||
      isShut;
    if (isShut) this.#resume();
    return !this.#paused;
  }

  /** Of this body, as far as one is read. */
  #came(byteCount: number): void {
    this.#sink?.came(Math.min(byteCount, this.#left));
  }

  /** A limit is reached, and more is to come. */
  get #isShut(): boolean {
    return this.#sink !== null && this.#left > 0 && this.#sink.isShut;
  }

  #parse(): void {
    const { memory, from, filled } = this.#held;
    const bytes = memory.subarray(from, filled);
    const found = findHead(bytes);
    if (!found && bytes.length < HEAD_MAX_BYTES) return;
    const head = Buffer.from(bytes.subarray(found?.start, found?.end));
    const parsed = found && found.end <= HEAD_MAX_BYTES ? parseHead(head) : null;
    if (!found || !parsed) {
      this.#error = new FailureError(NO_HEAD);
      return this.drop();
    }
    this.#rawHead = parsed.plain ? null : head;
    this.#held.from += found.end;
    this.#left = parsed.contentLength;
    this.#keepAlive = parsed.keepAlive && parsed.plain;
    const asked = this.#head;
    this.#head = null;
    asked?.resolve(parsed);
  }

  /** Takes stock of what is held: enough to hand over, or the end of the body. */
  #advance(): void {
    const held = this.#held;
    const ready = Math.min(held.filled - held.from, this.#left);
    if (this.#skipping) {
      held.from += ready;
      this.#left -= ready;
      if (this.#left === 0) this.#toIdle();
      return;
    }
    if (!this.#sink || this.#over) return;
    if (ready === this.#left || ready >= this.#sink.gatherBytes) {
      // Whole buffers are best; under a limit less is handed over at a time.
      if (ready === this.#left || this.#sink.gatherBytes < BUFFER_BYTES / 4) this.#hand();
    }
    if (this.#left === 0) this.#finish({ end: 'end' });
  }

  #hand(): void {
    const held = this.#held;
    const count = Math.min(held.filled - held.from, this.#left);
    if (count === 0 || !this.#sink) return;
    const bytes = held.memory.subarray(held.from, held.from + count);
    held.from += count;
    this.#left -= count;
    held.takes += 1;
    this.#takes += 1;
    this.#sink.take([bytes], count).then(
      (more) => this.#taken(held, more ? null : { end: 'enough' }),
      (error: Error) => this.#taken(held, { error }),
    );
  }

  #taken(held: Held, over: Over | null): void {
    held.takes -= 1;
    this.#takes -= 1;
    if (held.takes === 0 && held !== this.#held) this.#buffers.giveBack(held.memory);
    if (over) this.#finish(over);
    else if (this.#over) this.#settle();
    else this.#resume();
  }

  #resume(): void {
    if (!this.#paused || this.#dead || this.#waits || this.#takes >= TAKES_MAX) return;
    if (!this.#sink || !this.#isShut) {
      this.#paused = false;
      this.#socket.resume();
      return;
    }
    this.#waits = true;
    void this.#sink.turn().then(() => {
      this.#waits = false;
      this.#lastAt = performance.now();
      this.#resume();
    });
  }

  #tick(): void {
    const now = performance.now();
    if (!this.#over) this.#hand();
    if (this.#takes > 0 || this.#waits) this.#lastAt = now;
    if (now - this.#lastAt < this.#timeouts.idleTimeoutMs) return;
    this.#finish({ error: fellSilent(this.#timeouts.idleTimeoutMs) });
  }

  #onGone(): void {
    this.#dead = true;
    this.#socket.destroy();
    const error = this.#error ?? endedEarly();
    this.#head?.reject(error);
    this.#head = null;
    if (this.#replay && this.#error) this.#replay.destroy(this.#error);
    else if (this.#replay && !this.#replay.readableEnded) this.#replay.push(null);
    if (this.#pumping) this.#finish({ error });
    else this.#free();
  }

  #finish(over: Over): void {
    if (!this.#over) {
      // What came before the line broke is still good.
      if ('error' in over) this.#hand();
      this.#over = over;
      if (this.#timer) clearInterval(this.#timer);
      if (!('end' in over && over.end === 'end')) {
        this.#dead = true;
        this.#socket.destroy();
      }
    }
    this.#settle();
  }

  #settle(): void {
    const pumping = this.#pumping;
    const over = this.#over;
    if (!pumping || !over || this.#takes > 0) return;
    this.#pumping = null;
    this.#sink = null;
    if ('error' in over) pumping.reject(over.error);
    else pumping.resolve(over.end);
    if (this.#dead) this.#free();
    else this.#toIdle();
  }

  #toIdle(): void {
    this.#skipping = false;
    this.#over = null;
    this.#unlisten?.();
    // More than was promised: whatever comes now is not an answer.
    if (!this.#keepAlive || this.#held.filled > this.#held.from) return this.drop();
    this.reused = true;
    this.onIdle?.();
    this.#resume();
  }

  #free(): void {
    if (!this.onDead) return;
    const { onDead } = this;
    this.onDead = null;
    this.#unlisten?.();
    if (this.#held.takes === 0) this.#buffers.giveBack(this.#held.memory);
    onDead();
  }
}
