// The fetch lane's body: a Node stream, gathered into larger writes, decoded when the server encoded it all the same.
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { fail } from '../../../shared/failure.ts';
import { because } from '../../../shared/why.ts';
import { encodingOf, type Head } from '../answers.ts';
import { endedEarly, FailureError, fellSilent } from '../failures.ts';
import type { Body, Sink } from './lane.ts';

/** Writes the sink may have open before the stream is paused. */
const TAKES_MAX = 2;
/** A rest that is not wanted but smaller than this is read away, to keep the connection. */
const SKIP_MAX_BYTES = 64 << 10;
/** Bytes of a slow body are handed over after this long, gathered or not. */
const GATHER_MAX_MS = 40;

export class StreamBody implements Body {
  readonly #stream: Readable;
  readonly #head: Head;
  readonly #idleTimeoutMs: number;
  #failed: Error | null = null;

  constructor(stream: NodeJS.ReadableStream | null, head: Head, idleTimeoutMs: number, signal: AbortSignal) {
    this.#stream = stream as Readable;
    this.#head = head;
    this.#idleTimeoutMs = idleTimeoutMs;
    // An error before the pump runs must not be an uncaught one.
    this.#stream.on('error', (error) => (this.#failed ??= error));
    if (signal.aborted) this.drop();
    else {
      const stop = (): void => this.drop();
      signal.addEventListener('abort', stop);
      this.#stream.once('close', () => signal.removeEventListener('abort', stop));
    }
  }

  drop(): void {
    this.#stream.destroy(Object.assign(new Error('Broken off'), { code: 'ECONNABORTED' }));
  }

  skip(): void {
    if (Number(this.#head.headers.get('content-length') ?? SKIP_MAX_BYTES) < SKIP_MAX_BYTES) this.#stream.resume();
    else this.drop();
  }

  async pump(sink: Sink): Promise<'end' | 'enough'> {
    if (this.#failed) throw this.#failed;
    const encoding = encodingOf(this.#head);
    return flow(encoding === null ? this.#stream : await decoded(this.#stream, encoding), sink, this.#idleTimeoutMs);
  }
}

function flow(stream: Readable, sink: Sink, idleTimeoutMs: number): Promise<'end' | 'enough'> {
  return new Promise((resolve, reject) => {
    let held: Buffer[] = [];
    let heldBytes = 0;
    let taking = 0;
    let over: { end: 'end' | 'enough' } | { error: Error } | null = null;
    let lastAt = performance.now();

    let waits = false;

    const resume = (): void => {
      if (waits || taking >= TAKES_MAX) return;
      if (!sink.isShut) return void stream.resume();
      waits = true;
      stream.pause();
      void sink.turn().then(() => {
        waits = false;
        lastAt = performance.now();
        // It is its turn, even if the limit is reached again by now.
        if (taking < TAKES_MAX) stream.resume();
      });
    };
    const hand = (): void => {
      if (heldBytes === 0) return;
      const [pieces, byteCount] = [held, heldBytes];
      held = [];
      heldBytes = 0;
      taking += 1;
      if (taking >= TAKES_MAX) stream.pause();
      sink.take(pieces, byteCount).then(
        (more) => {
          taking -= 1;
          if (!more) finish({ end: 'enough' });
          else if (over) settle();
          else resume();
        },
        (error: Error) => {
          taking -= 1;
          finish({ error });
        },
      );
    };
    const tick = setInterval(() => {
      hand();
      if (taking > 0 || waits) lastAt = performance.now();
      if (performance.now() - lastAt < idleTimeoutMs) return;
      finish({ error: fellSilent(idleTimeoutMs) });
    }, GATHER_MAX_MS);
    const settle = (): void => {
      if (!over || taking > 0) return;
      if ('error' in over) reject(over.error);
      else resolve(over.end);
    };
    const finish = (how: NonNullable<typeof over>): void => {
      if (over) return settle();
      over = how;
      clearInterval(tick);
      // What came before the end, or before the line broke, is still good.
      if (!('end' in how && how.end === 'enough')) hand();
      if (!('end' in how && how.end === 'end')) stream.destroy();
      settle();
    };
    stream.on('data', (chunk: Buffer) => {
      if (over) return;
      lastAt = performance.now();
      held.push(chunk);
      heldBytes += chunk.length;
      sink.came(chunk.length);
      if (heldBytes >= sink.gatherBytes) hand();
      if (sink.isShut) resume();
    });
    if (sink.isShut) resume();
    stream.once('end', () => finish({ end: 'end' }));
    stream.once('error', (error) => finish({ error }));
    stream.once('close', () => {
      finish({ error: endedEarly() });
    });
  });
}

async function decoded(stream: Readable, encoding: string): Promise<Readable> {
  const decoder = await decoderFor(stream, encoding);
  return pipeline(stream, decoder, () => {}) as unknown as Readable;
}

async function decoderFor(stream: Readable, encoding: string): Promise<NodeJS.ReadWriteStream> {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      // Meant is the zlib format, but some servers send it raw.
      return (await firstByte(stream)) % 16 === 8 ? createInflate() : createInflateRaw();
    default:
      throw new FailureError(fail('bad-response', because('unknown-encoding', { encoding }), 'by-hand'));
  }
}

async function firstByte(stream: Readable): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    stream.once('readable', resolve);
    stream.once('error', reject);
  });
  const chunk = stream.read() as Buffer | null;
  if (chunk) stream.unshift(chunk);
  return chunk?.[0] ?? 8;
}
