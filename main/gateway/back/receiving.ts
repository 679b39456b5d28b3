// The coordinator's end of files that workers send back: gathers, checks and names them, then tells the engine they are done.
import path from 'node:path';
import type { Checksum, Extent } from '../../../shared/download.ts';
import type { Failure } from '../../../shared/failure.ts';
import { FromWorker, type ToWorker, type Outcome, type Task } from '../../../shared/protocol.ts';
import { systemWhy } from '../../../shared/system-why.ts';
import { because, type Why } from '../../../shared/why.ts';
import { read } from '../../../shared/schema.ts';
import type { Aside, CloseReason, Port } from '../../transport/port.ts';
import { decodePiece, MAX_OPEN, Offer, WINDOW_BYTES, type ToSender } from './messages.ts';

/** A file on the disk that is being received. Failures are the disk's and come as values. */
export interface Incoming {
  /** How many bytes from its beginning are here. */
  readonly at: number;
  write(bytes: Uint8Array): Promise<Failure | null>;
  /** Durable and compared with its hash and the download's checksum; `wrong`: it is something else. */
  complete(checksum: Checksum | null, signal: AbortSignal): Promise<Failure | 'wrong' | 'stopped' | null>;
  place(targetPath: string): Promise<'placed' | 'taken' | Failure>;
  /** Keeps what is here for another time. */
  close(): Promise<void>;
  /** Takes the unfinished file's name away. */
  remove(): Promise<void>;
}

/** Opens what is here of a file, or begins it. */
export type OpenIncoming = (content: {
  partPath: string;
  notePath: string;
  sizeBytes: number;
  sha256: string;
}) => Promise<Incoming | { failure: Failure }>;

/**
 * The Port of a worker elsewhere, as the engine sees it. A file that is sent back is one that was downloaded here: it stands
 * under its name in the download's own folder when its result comes. A worker that sends anything but what it offered loses
 * the connection, and with it its leases.
 */
export function receivingBack(port: Port, open: OpenIncoming, notesDir: string): Port {
  const reception = new Reception(port, open, notesDir);
  return {
    send: (message) => reception.toWorker(message as ToWorker),
    onMessage: (listener) => reception.listen(listener),
    onClose: (listener) => reception.whenClosed(listener),
    drained: () => port.drained(),
    onAside: (listener) => reception.tellAsides(listener),
    close: () => port.close(),
  };
}

type Wanted = Pick<Task, 'id' | 'epoch' | 'partPath' | 'targetPath' | 'checksum'> & { totalBytes: number | null };

type Arrival = {
  readonly offer: Offer;
  readonly wanted: Wanted;
  file: Incoming | null;
  /** Up to where pieces have come, and may come. */
  at: number;
  upTo: number;
  /** Everything that is done to the file, one after the other. */
  work: Promise<void>;
  readonly stop: AbortController;
  /** Called when there is another name for it, or it was stopped. */
  wake: () => void;
};

class Reception {
  readonly #port: Port;
  readonly #open: OpenIncoming;
  readonly #notesDir: string;
  /** What this worker has been given, by download. */
  readonly #wanted = new Map<number, Wanted>();
  readonly #arrivals = new Map<number, Arrival>();
  /** Those of which no more is wanted, until nobody here touches them. */
  readonly #stopping = new Map<number, Promise<void>>();
  /** Told to the engine; their part files stay until it has them in writing. */
  readonly #told = new Map<number, Incoming>();
  #listener: (message: unknown) => void = () => {};
  #onAside: (aside: Aside) => void = () => {};
  #ended: Promise<CloseReason>;
  #lie: Why | null = null;

  constructor(port: Port, open: OpenIncoming, notesDir: string) {
    this.#port = port;
    this.#open = open;
    this.#notesDir = notesDir;
    this.#ended = new Promise((resolve) => {
      port.onClose((reason) => {
        void this.#stopAll().then(() => resolve(this.#lie === null ? reason : { kind: 'lied', why: this.#lie }));
      });
    });
  }

  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    this.#port.onMessage((message) => this.#fromWorker(message));
  }

  /** Told when nobody here touches the files any more: they may be leased to others then. */
  whenClosed(listener: (reason: CloseReason) => void): void {
    void this.#ended.then(listener);
  }

  tellAsides(listener: (aside: Aside) => void): void {
    this.#onAside = listener;
  }

  toWorker(message: ToWorker): boolean {
    switch (message.kind) {
      case 'tasks':
      case 'ahead':
        for (const { id, epoch, partPath, targetPath, checksum, validators } of message.tasks) {
          const totalBytes = validators?.totalBytes ?? null;
          this.#wanted.set(id, { id, epoch, partPath, targetPath, checksum, totalBytes });
        }
        break;
      case 'target': {
        const wanted = this.#wantedOf(message);
        if (!wanted) break;
        wanted.targetPath = message.path;
        const arrival = this.#arrivals.get(message.id);
        if (!arrival) break;
        // The worker has finished under the name before; what this name is for stands here.
        arrival.wake();
        return true;
      }
      case 'cancel':
        if (this.#wantedOf(message)) this.#wanted.delete(message.id);
        void this.#stop(message.id);
        break;
      case 'settled':
        for (const id of message.ids) {
          void this.#told.get(id)?.remove();
          this.#told.delete(id);
        }
        break;
      case 'welcome':
      case 'settings':
      case 'shares':
      case 'limit':
      case 'connections':
      case 'ping':
      case 'stop':
        break;
      default:
        message satisfies never;
    }
    return this.#port.send(message);
  }

  #fromWorker(raw: unknown): void {
    if (this.#lie !== null) return;
    if (Buffer.isBuffer(raw)) return this.#take(raw);
    const kind = (raw as { kind?: unknown } | null)?.kind;
    if (kind === 'offer') {
      const offer = read(Offer, raw);
      if (!offer.success) return this.#expel(because('offer-no-sense'));
      this.#tell('in', offer.output);
      return this.#begin(offer.output);
    }
    // All others only pass.
    if (kind !== 'probed' && kind !== 'result') return this.#listener(raw);
    const parsed = read(FromWorker, raw);
    if (!parsed.success) return this.#listener(raw);
    const message = parsed.output;
    if (message.kind !== 'probed' && message.kind !== 'result') return;
    const wanted = this.#wantedOf(message);
    if (message.kind === 'probed') {
      if (wanted) wanted.totalBytes = message.validators.totalBytes;
      return this.#listener(message);
    }
    if (wanted) {
      this.#wanted.delete(message.id);
      void this.#stop(message.id);
    }
    // Only this end says what has come back.
    if (message.outcome.kind === 'done') delete message.outcome.sentBack;
    this.#onceFree(message.id, () => this.#listener(message));
  }

  #wantedOf({ id, epoch }: { id: number; epoch: number }): Wanted | undefined {
    const wanted = this.#wanted.get(id);
    return wanted?.epoch === epoch ? wanted : undefined;
  }

  #begin(offer: Offer): void {
    const { id, epoch, sizeBytes, sha256 } = offer;
    const wanted = this.#wantedOf(offer);
    if (!wanted) return this.#answer({ kind: 'not-taken', id, epoch, why: 'not-wanted' });
    if (this.#arrivals.has(id)) return this.#expel(because('offer-twice'));
    if (this.#arrivals.size >= MAX_OPEN) return this.#expel(because('offers-too-many'));
    const { checksum, totalBytes } = wanted;
    if (totalBytes !== null && totalBytes !== sizeBytes) {
      return this.#expelSender(offer, because('offer-other-length', { offered: sizeBytes, bytes: totalBytes }));
    }
    if (checksum?.algorithm === 'sha256' && checksum.hex !== undefined && checksum.hex !== sha256) {
      return this.#expelSender(offer, because('offer-other-sum'));
    }
    const arrival: Arrival = {
      ...{ offer, wanted, file: null, at: 0, upTo: 0 },
      ...{ work: Promise.resolve(), stop: new AbortController(), wake: () => {} },
    };
    this.#arrivals.set(id, arrival);
    // All of it is there: should the line break, it need not be fetched again, and this worker is asked first.
    if (sizeBytes > 0) this.#listener({ kind: 'saved', id, epoch, extents: [[0, sizeBytes]] } satisfies FromWorker);
    const notePath = path.join(this.#notesDir, String(id));
    this.#then(arrival, async () => {
      const opened = await this.#open({ partPath: wanted.partPath, notePath, sizeBytes, sha256 });
      if ('failure' in opened) return this.#fail(arrival, opened.failure);
      arrival.file = opened;
      arrival.at = opened.at;
      this.#credit(arrival, opened.at);
      if (opened.at === sizeBytes) await this.#finish(arrival, opened);
    });
  }

  #take(body: Buffer): void {
    const piece = decodePiece(body);
    if (!piece) return this.#expel(because('piece-no-sense'));
    const { id, epoch, offset } = piece;
    this.#tell('in', { kind: 'piece', id, epoch, offset, sizeBytes: piece.bytes.length }, body.length);
    const arrival = this.#arrivals.get(id);
    // Still on its way when the file was no longer wanted.
    if (!arrival || arrival.offer.epoch !== epoch) return;
    const end = offset + piece.bytes.length;
    if (offset !== arrival.at || end > arrival.upTo) {
      return this.#expelSender(arrival.offer, because('piece-out-of-turn', { start: offset, end }));
    }
    arrival.at = end;
    this.#then(arrival, async (file) => {
      const failure = await file!.write(piece.bytes);
      if (failure) return this.#fail(arrival, failure);
      if (file!.at === arrival.offer.sizeBytes) return this.#finish(arrival, file!);
      if (arrival.upTo - file!.at <= WINDOW_BYTES / 2) this.#credit(arrival, file!.at);
    });
  }

  /** Lets the worker send as much as fits behind what is written. */
  #credit(arrival: Arrival, writtenBytes: number): void {
    const { id, epoch, sizeBytes } = arrival.offer;
    arrival.upTo = Math.min(sizeBytes, writtenBytes + WINDOW_BYTES);
    this.#answer({ kind: 'credit', id, epoch, from: arrival.at, upTo: arrival.upTo });
  }

  async #finish(arrival: Arrival, file: Incoming): Promise<void> {
    const { wanted, offer } = arrival;
    const { signal } = arrival.stop;
    const { id, epoch, sizeBytes, sha256 } = offer;
    const wrong = await file.complete(wanted.checksum, signal);
    if (signal.aborted || wrong === 'stopped') return;
    if (wrong === 'wrong') {
      await file.remove();
      return this.#expelSender(offer, because('other-than-offered'));
    }
    if (wrong) return this.#fail(arrival, wrong);
    for (;;) {
      const target = wanted.targetPath;
      const placed = await file.place(target);
      // Even when it was stopped meanwhile: it stands there, and that is to be known.
      if (placed === 'placed') break;
      if (signal.aborted) return;
      if (placed !== 'taken') return this.#fail(arrival, placed);
      const woken = new Promise<void>((resolve) => (arrival.wake = resolve));
      this.#listener({ kind: 'target-taken', id, epoch } satisfies FromWorker);
      await woken;
      if (signal.aborted) return;
    }
    this.#arrivals.delete(id);
    this.#wanted.delete(id);
    this.#told.set(id, file);
    const verified = wanted.checksum !== null;
    this.#result(offer, { kind: 'done', path: wanted.targetPath, sizeBytes, sha256, verified, sentBack: true });
  }

  /** The disk here would not take it; the worker still has it. */
  async #fail({ offer }: Arrival, failure: Failure): Promise<void> {
    const { id, epoch, sizeBytes } = offer;
    this.#answer({ kind: 'not-taken', id, epoch, why: 'failed' });
    this.#wanted.delete(id);
    void this.#stop(id);
    const extents: Extent[] = sizeBytes > 0 ? [[0, sizeBytes]] : [];
    this.#onceFree(id, () => this.#result(offer, { kind: 'failed', failure, extents }));
  }

  #result({ id, epoch }: Offer, outcome: Outcome): void {
    this.#listener({ kind: 'result', id, epoch, outcome } satisfies FromWorker);
  }

  /** Does the next thing to a file, unless it was stopped meanwhile. */
  #then(arrival: Arrival, act: (file: Incoming | null) => Promise<void>): void {
    arrival.work = arrival.work.then(() => (arrival.stop.signal.aborted ? undefined : act(arrival.file)));
    arrival.work.catch((error: unknown) => this.#expel(because('not-taken-in', { since: systemWhy(error) })));
  }

  /** No more of this file; resolves when nobody here touches it. */
  async #stop(id: number): Promise<void> {
    const arrival = this.#arrivals.get(id);
    if (!arrival) return this.#stopping.get(id);
    this.#arrivals.delete(id);
    arrival.stop.abort();
    arrival.wake();
    const stopping = arrival.work
      .catch(() => {})
      .then(() => (this.#told.get(id) === arrival.file ? undefined : arrival.file?.close()))
      .finally(() => this.#stopping.delete(id));
    this.#stopping.set(id, stopping);
    return stopping;
  }

  /** Says what becomes of a download once nobody here touches its file: it may be leased to others then. */
  #onceFree(id: number, tell: () => void): void {
    const stopping = this.#stopping.get(id);
    if (stopping) void stopping.then(tell);
    else tell();
  }

  async #stopAll(): Promise<void> {
    for (const id of this.#arrivals.keys()) void this.#stop(id);
    await Promise.all(this.#stopping.values());
    await Promise.all([...this.#told.values()].map((file) => file.close()));
  }

  #answer(message: ToSender): void {
    this.#tell('out', message);
    this.#port.send(message);
  }

  /** Of a file on its way, by name. */
  #tell(way: Aside['way'], { kind, ...message }: Aside['message'], bytes?: number): void {
    const { targetPath } = this.#wanted.get(message.id) ?? {};
    const name = targetPath === undefined ? {} : { name: path.basename(targetPath) };
    this.#onAside({ way, message: { kind, ...name, ...message }, ...(bytes !== undefined && { bytes }) });
  }

  /** What it has is of no use; it is told so, in case that it does not know itself. */
  #expelSender({ id, epoch }: Offer, why: Why): void {
    this.#answer({ kind: 'not-taken', id, epoch, why: 'wrong' });
    this.#listener({ kind: 'saved', id, epoch, extents: [] } satisfies FromWorker);
    this.#expel(why);
  }

  #expel(why: Why): void {
    this.#lie ??= why;
    this.#port.close();
  }
}
