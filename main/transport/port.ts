// A Port: one end of a duplex, ordered, message-framed pipe between the engine and a worker.
import type { Why } from '../../shared/why.ts';

/** What ended a pipe: `eof` the other end closed or died, `closed` this end did, `error` with the cause, `lied`: the other end did what it may not. */
export type CloseReason =
  { kind: 'eof' } | { kind: 'closed' } | { kind: 'error'; cause: unknown } | { kind: 'lied'; why: Why };

/** What else passes a Port than its messages, such as a file that comes back, in words; `bytes`: what it carries beside them. */
export type Aside = {
  way: 'in' | 'out';
  message: { kind: string; id: number; [key: string]: unknown };
  bytes?: number;
};

export interface Port {
  /**
   * Hands a message over, a plain JSON value. Returns false when the pipe is full: the sender should wait for `drained`
   * before the next big one. After the end of the pipe it does nothing and returns false.
   */
  send(message: unknown): boolean;
  /** One listener; messages that came before it was set are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, after the last message. Called at once when the pipe has ended already. */
  onClose(listener: (reason: CloseReason) => void): void;
  /** Resolves when a full pipe has room again, or has ended. */
  drained(): Promise<void>;
  /** Tells of asides, where a Port has any, as they pass. One listener. */
  onAside?(listener: (aside: Aside) => void): void;
  /** Ends the pipe; messages already sent still arrive. */
  close(): void;
}
