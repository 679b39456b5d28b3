// A Port over a connected socket: TCP, TLS, or a local one (Unix socket, named pipe).
import type { Socket } from 'node:net';
import { WhyError } from '../../shared/system-why.ts';
import { because } from '../../shared/why.ts';
import { defaultFrameLimits, encodeFrame, FrameError, FrameReader, type FrameLimits } from './frames.ts';
import type { CloseReason, Port } from './port.ts';

/** How long an ended pipe waits for the other end to take what is left, in ms. */
const LINGER_MS = 5_000;
/** Undelivered messages (no listener yet, or paused) beyond this many bytes stop the reading. */
const MAX_PENDING_BYTES = 1024 * 1024;
/** Codes with which a socket says that the other end is gone rather than that something is wrong. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_WRITE_AFTER_END']);

export interface TcpPortOptions extends Partial<FrameLimits> {
  /** More unsent bytes than this end the pipe with an error: the other end does not read. Default 64 MiB. */
  maxUnsentBytes?: number;
}

/** A Port that may also stop reading for a while, and whose frame limits may change (after a login, say). */
export interface TcpPort extends Port {
  pause(): void;
  resume(): void;
  setLimits(limits: Partial<FrameLimits>): void;
}

/**
 * Takes over a connected socket. JSON values travel as JSON frames, a Uint8Array as a binary frame that arrives as a Buffer.
 * `onClose` says `eof` when the other end closed or died, also in the middle of a frame; a bad frame ends with an error.
 * It waits for messages that nobody has taken yet. A message over the limits ends the pipe with an error, too.
 */
export function tcpPort(socket: Socket, options: TcpPortOptions = {}): TcpPort {
  const limits: FrameLimits = {
    maxJsonBytes: options.maxJsonBytes ?? defaultFrameLimits.maxJsonBytes,
    maxBinaryBytes: options.maxBinaryBytes ?? defaultFrameLimits.maxBinaryBytes,
  };
  const maxUnsentBytes = options.maxUnsentBytes ?? 64 * 1024 * 1024;
  const pending: { message: unknown; sizeBytes: number }[] = [];
  let pendingBytes = 0;
  let listener: ((message: unknown) => void) | undefined;
  let closeListener: ((reason: CloseReason) => void) | undefined;
  let ended: CloseReason | undefined;
  let paused = false;
  let told = false;
  let waiters: (() => void)[] = [];

  const reader = new FrameReader(limits, (message, sizeBytes) => {
    if (ended) return;
    if (listener && !paused && pending.length === 0) return listener(message);
    pending.push({ message, sizeBytes });
    pendingBytes += sizeBytes;
    if (pendingBytes > MAX_PENDING_BYTES) socket.pause();
  });

  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, 10_000);
  socket.on('data', (chunk: Buffer) => {
    if (ended) return;
    try {
      reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      end({ kind: 'error', cause: error });
    }
  });
  socket.on('drain', release);
  socket.on('end', () => end({ kind: 'eof' }));
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    end(GONE.has(cause.code ?? '') ? { kind: 'eof' } : { kind: 'error', cause });
  });
  socket.on('close', () => end({ kind: 'eof' }));
  if (socket.destroyed) end({ kind: 'eof' });

  /** The end of the pipe, for whichever reason comes first. */
  function end(reason: CloseReason): void {
    if (ended) return;
    ended = reason;
    release();
    if (reason.kind === 'eof') tell();
    else {
      pending.length = 0;
      // A caller of close() is spared being called back from inside its own call.
      queueMicrotask(tell);
    }
    if (reason.kind === 'error') socket.destroy();
    else leave();
  }

  function leave(): void {
    if (socket.destroyed) return;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }

  function release(): void {
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  }

  function tell(): void {
    if (!ended || !closeListener || told || pending.length > 0) return;
    told = true;
    closeListener(ended);
  }

  function flush(): void {
    while (listener && !paused && pending.length > 0) {
      const { message, sizeBytes } = pending.shift()!;
      pendingBytes -= sizeBytes;
      listener(message);
    }
    if (!paused && pending.length === 0 && !ended) socket.resume();
    tell();
  }

  return {
    send(message) {
      if (ended) return false;
      let bytes: Buffer;
      try {
        bytes = encodeFrame(message, limits);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        end({ kind: 'error', cause });
        return false;
      }
      if (socket.writableCorked === 0) {
        // What is said in one turn of the event loop leaves at its end, in one system call. By then all that came was heard:
        // who is woken by an answer does not push this process aside while it has the questions of others to read.
        socket.cork();
        setImmediate(() => socket.uncork());
      }
      const room = socket.write(bytes);
      if (socket.writableLength > maxUnsentBytes) {
        end({ kind: 'error', cause: new WhyError(because('does-not-read', { bytes: socket.writableLength })) });
        return false;
      }
      return room;
    },
    onMessage(next) {
      listener = next;
      flush();
    },
    onClose(next) {
      closeListener = next;
      tell();
    },
    drained() {
      if (ended || !socket.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
    close: () => end({ kind: 'closed' }),
    pause() {
      paused = true;
      if (!ended) socket.pause();
    },
    resume() {
      paused = false;
      flush();
    },
    setLimits: (changed) => void Object.assign(limits, changed),
  };
}
