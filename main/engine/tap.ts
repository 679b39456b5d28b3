// The tap: sees every message on every pipe, keeps the last ones, and puts them into words only when somebody looks.
import type { TapMessage } from '../../shared/traffic.ts';
import { Rate } from './rate.ts';
import { maskSecrets } from './secrets.ts';

const KEPT = 5000;
/** Of each pipe so many are kept beside them, so that a busy one does not push out what a quiet one said. */
const PIPE_KEPT = 50;
/** How many pipes are known by name; the one that was quiet for longest is forgotten first. */
const PIPES_MAX = 512;
/** How many producers are known by name; who has put nothing for longest is forgotten first. */
const PRODUCERS_MAX = 256;

/** A message as a pipe carries it. */
type Message = { kind: string; [key: string]: unknown };
type Seen = { seq: number; at: number; pipe: string; message: Message; downloadId: number | null; bytes: number };

/** The last messages of one pipe, at `count` modulo `PIPE_KEPT`. */
type Pipe = { ring: Seen[]; count: number; lastSeq: number };

export class Tap {
  readonly #now: () => number;
  readonly #ring: (Seen | undefined)[] = new Array<Seen | undefined>(KEPT);
  readonly #pipes = new Map<string, Pipe>();
  readonly #all = new Rate();
  readonly #producers = new Map<string, { rate: Rate; at: number }>();
  #seq = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes a message as it passes, and how many `bytes` it carries beside its words. Costs a few assignments. */
  saw(pipe: string, message: Message, downloadId: number | null = null, bytes = 0): void {
    const at = this.#now();
    this.#seq++;
    this.#all.add(1, at);
    const seen = { seq: this.#seq, at, pipe, message, downloadId, bytes };
    this.#ring[this.#seq % KEPT] = seen;
    const own = this.#pipes.get(pipe) ?? this.#newPipe(pipe);
    own.ring[own.count++ % PIPE_KEPT] = seen;
    own.lastSeq = this.#seq;
  }

  produced(producer: string, count: number): void {
    const at = this.#now();
    let known = this.#producers.get(producer);
    if (!known) {
      if (this.#producers.size >= PRODUCERS_MAX) this.#forgetOldest();
      this.#producers.set(producer, (known = { rate: new Rate(), at }));
    }
    known.at = at;
    known.rate.add(count, at);
  }

  producers(): { name: string; puts: number; putsPerS: number }[] {
    const now = this.#now();
    return [...this.#producers].map(([name, { rate }]) => ({ name, puts: rate.total, putsPerS: rate.perS(now) }));
  }

  #forgetOldest(): void {
    const [oldest] = [...this.#producers].reduce((one, other) => (other[1].at < one[1].at ? other : one));
    this.#producers.delete(oldest);
  }

  #newPipe(name: string): Pipe {
    if (this.#pipes.size >= PIPES_MAX) {
      const all = [...this.#pipes];
      const [quietest] = all.reduce((one, other) => (other[1].lastSeq < one[1].lastSeq ? other : one));
      this.#pipes.delete(quietest);
    }
    const pipe = { ring: [], count: 0, lastSeq: 0 };
    this.#pipes.set(name, pipe);
    return pipe;
  }

  messagesPerS(): number {
    return this.#all.perS(this.#now());
  }

  /** The messages after `afterSeq`, oldest first: at most the newest `limit`, and before these the last of each pipe. */
  messages(afterSeq: number, limit = KEPT): TapMessage[] {
    const first = Math.max(afterSeq + 1, this.#seq - Math.min(limit, KEPT) + 1, 1);
    const found = [...this.#pipes.values()].flatMap(({ ring }) =>
      ring.filter(({ seq }) => seq > afterSeq && seq < first),
    );
    found.sort((one, other) => one.seq - other.seq);
    for (let seq = first; seq <= this.#seq; seq++) {
      const seen = this.#ring[seq % KEPT];
      if (seen?.seq === seq) found.push(seen);
    }
    return found.map(inWords);
  }
}

function inWords({ seq, at, pipe, message, downloadId, bytes }: Seen): TapMessage {
  const json = JSON.stringify(message, maskSecrets);
  const { kind, ...rest } = JSON.parse(json) as { kind: string };
  const text = JSON.stringify(rest);
  return {
    seq,
    at,
    pipe,
    kind,
    text: text.length > 300 ? `${text.slice(0, 299)}…` : text,
    sizeBytes: json.length + bytes,
    downloadId,
  };
}
