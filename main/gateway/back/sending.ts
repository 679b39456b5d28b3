// The worker's end of sending files back: what it has finished goes to the coordinator, a few at once and no faster than they are taken there.
import { open, unlink } from 'node:fs/promises';
import { fail } from '../../../shared/failure.ts';
import { ToWorker, type FromWorker, type Outcome } from '../../../shared/protocol.ts';
import { systemWhy, WhyError } from '../../../shared/system-why.ts';
import { because, type Why } from '../../../shared/why.ts';
import { read } from '../../../shared/schema.ts';
import type { Port } from '../../transport/port.ts';
import { encodePiece, MAX_AT_ONCE, MAX_OPEN, PIECE_BYTES, ToSender, type Offer } from './messages.ts';

/** Finished files that wait to be sent; with more of them no further tasks are taken, so that the disk here does not fill. */
const BACKLOG_MAX = MAX_OPEN;
const READ_BYTES = 8 * PIECE_BYTES;

/**
 * A worker's Port to a coordinator: instead of the result of a finished download its file goes there. The copy here is
 * removed once the coordinator has it in writing, and kept for the next time when the line breaks before.
 */
export function sendingBack(port: Port): Port {
  const sender = new Sender(port);
  return {
    send: (message) => sender.fromWorker(message as FromWorker),
    onMessage: (listener) => sender.listen(listener),
    onClose(listener) {
      port.onClose((reason) => {
        sender.stop();
        listener(reason);
      });
    },
    drained: () => port.drained(),
    close() {
      sender.stop();
      port.close();
    },
  };
}

type Done = Extract<Outcome, { kind: 'done' }>;

type Sending = {
  readonly offer: Offer;
  readonly file: string;
  /** `sent`: all of it is out, and the coordinator has yet to say that it has it. */
  state: 'waiting' | 'offered' | 'sent';
  at: number;
  upTo: number;
  pumping: boolean;
};

class Sender {
  readonly #port: Port;
  /** By download, in the order in which they were finished. */
  readonly #files = new Map<number, Sending>();
  #heldGets = 0;
  #stopped = false;
  #listener: (message: unknown) => void = () => {};

  constructor(port: Port) {
    this.#port = port;
  }

  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    this.#port.onMessage((message) => this.#toWorker(message));
  }

  stop(): void {
    this.#stopped = true;
  }

  fromWorker(message: FromWorker): boolean {
    if (message.kind === 'result' && message.outcome.kind === 'done') {
      this.#enqueue(message.id, message.epoch, message.outcome);
      return true;
    }
    if (message.kind === 'get' && this.#files.size >= BACKLOG_MAX) {
      this.#heldGets += message.count;
      return true;
    }
    return this.#port.send(message);
  }

  #toWorker(raw: unknown): void {
    const said = read(ToSender, raw);
    if (said.success) {
      const { output: data } = said;
      const sending = this.#files.get(data.id);
      if (sending?.offer.epoch !== data.epoch) return;
      if (data.kind === 'credit') this.#credit(sending, data.from, data.upTo);
      else this.#forget(sending, data.why === 'wrong');
      return;
    }
    const parsed = read(ToWorker, raw);
    if (!parsed.success) return this.#listener(raw);
    const message = parsed.output;
    // Without a hash nobody could tell there whether it arrived whole.
    if (message.kind === 'tasks' || message.kind === 'ahead') for (const task of message.tasks) task.hash = true;
    if (message.kind === 'cancel') {
      const sending = this.#files.get(message.id);
      if (sending?.offer.epoch === message.epoch) return this.#release(sending);
    }
    if (message.kind === 'settled') for (const id of message.ids) this.#settled(id);
    this.#listener(message);
  }

  #enqueue(id: number, epoch: number, { path: file, sizeBytes, sha256 }: Done): void {
    const offer: Offer = { kind: 'offer', id, epoch, sizeBytes, sha256: sha256 ?? '' };
    this.#files.set(id, { offer, file, state: 'waiting', at: 0, upTo: 0, pumping: false });
    this.#next();
  }

  /** Offers as many as may be on their way, and takes further tasks where there is room for their files. */
  #next(): void {
    const all = [...this.#files.values()];
    const offered = all.filter(({ state }) => state === 'offered').length;
    const sent = all.filter(({ state }) => state === 'sent').length;
    let room = Math.min(MAX_AT_ONCE - offered, MAX_OPEN - offered - sent);
    for (const sending of all) {
      if (room <= 0) break;
      if (sending.state !== 'waiting') continue;
      sending.state = 'offered';
      this.#port.send(sending.offer);
      room--;
    }
    if (this.#files.size >= BACKLOG_MAX || this.#heldGets === 0) return;
    const count = this.#heldGets;
    this.#heldGets = 0;
    this.#port.send({ kind: 'get', count } satisfies FromWorker);
  }

  #credit(sending: Sending, from: number, upTo: number): void {
    const { sizeBytes } = sending.offer;
    if (sending.state !== 'offered' || from > upTo || upTo > sizeBytes) return;
    // The first credit says where to begin; what is asked for later follows by itself.
    if (sending.upTo === 0) sending.at = from;
    sending.upTo = Math.max(sending.upTo, upTo);
    if (!sending.pumping) void this.#pump(sending);
  }

  async #pump(sending: Sending): Promise<void> {
    sending.pumping = true;
    try {
      const file = await open(sending.file, 'r');
      try {
        const buffer = Buffer.allocUnsafe(READ_BYTES);
        while (this.#mayGoOn(sending) && sending.at < sending.upTo) {
          const wanted = Math.min(READ_BYTES, sending.upTo - sending.at);
          const { bytesRead } = await file.read(buffer, 0, wanted, sending.at);
          if (bytesRead === 0) throw new WhyError(because('file-shorter'));
          await this.#sendPieces(sending, buffer.subarray(0, bytesRead));
        }
      } finally {
        await file.close();
      }
      if (sending.at === sending.offer.sizeBytes && this.#mayGoOn(sending)) sending.state = 'sent';
    } catch (error) {
      this.#lost(sending, systemWhy(error));
    } finally {
      sending.pumping = false;
      // Credit may have come while the file was being closed.
      if (sending.at < sending.upTo && this.#mayGoOn(sending)) void this.#pump(sending);
      else this.#next();
    }
  }

  async #sendPieces(sending: Sending, bytes: Buffer): Promise<void> {
    const { id, epoch } = sending.offer;
    for (let start = 0; start < bytes.length && this.#mayGoOn(sending); start += PIECE_BYTES) {
      const piece = bytes.subarray(start, start + PIECE_BYTES);
      const room = this.#port.send(encodePiece({ id, epoch, offset: sending.at, bytes: piece }));
      sending.at += piece.length;
      if (!room) await this.#port.drained();
    }
  }

  #mayGoOn(sending: Sending): boolean {
    return !this.#stopped && this.#files.get(sending.offer.id) === sending;
  }

  /** The coordinator has it in writing. */
  #settled(id: number): void {
    const sending = this.#files.get(id);
    if (!sending) return;
    this.#files.delete(id);
    void unlink(sending.file).catch(() => {});
    this.#next();
  }

  /** It is not sent any further. `wrong`: what is here is of no use, so that the next time begins at zero. */
  #forget(sending: Sending, wrong: boolean): void {
    const { id } = sending.offer;
    this.#files.delete(id);
    if (wrong) {
      void unlink(sending.file).catch(() => {});
      this.#listener({ kind: 'settled', ids: [id] } satisfies ToWorker);
    }
    this.#next();
  }

  /** Called back: all of it is here, for the next time. */
  #release(sending: Sending): void {
    const { id, epoch, sizeBytes } = sending.offer;
    this.#files.delete(id);
    const outcome: Outcome = { kind: 'released', extents: sizeBytes > 0 ? [[0, sizeBytes]] : [] };
    this.#port.send({ kind: 'result', id, epoch, outcome } satisfies FromWorker);
    this.#next();
  }

  #lost(sending: Sending, since: Why): void {
    if (!this.#mayGoOn(sending)) return;
    const { id, epoch } = sending.offer;
    this.#files.delete(id);
    const failure = fail('disk-error', because('not-read-back', { since }), 'soon');
    this.#port.send({
      kind: 'result',
      id,
      epoch,
      outcome: { kind: 'failed', failure, extents: [] },
    } satisfies FromWorker);
  }
}
