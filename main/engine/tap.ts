// The tap: sees every message on every pipe, keeps the last ones, and puts them into words only when somebody looks.
import type { TapMessage } from '../../shared/traffic.ts';
import { Rate } from './rate.ts';
import { maskSecrets } from './settings/secrets.ts';

const KEPT = 5000;
/** Of each pipe so many are kept beside them, so that a busy one does not push out what a quiet one said. */
const PIPE_KEPT = 50;
/** A message that is longer as text, in characters, is kept in words at once: of such a one only the beginning is shown. */
const LIGHT = 1000;
const TEXT_SHOWN = 300;
/** Already as many elements of an array, with what is between them, are more than is shown. */
const ELEMENTS_SHOWN = TEXT_SHOWN / 2;
/** How many pipes are known by name; the one that was quiet for longest is forgotten first. */
const PIPES_MAX = 512;
/** How many producers are known by name; who has put nothing for longest is forgotten first. */
const PRODUCERS_MAX = 256;

/** A message as a pipe carries it. */
type Message = { kind: string; [key: string]: unknown };
type Seen = Pick<TapMessage, 'seq' | 'at' | 'pipe' | 'downloadId'> & { message: Message | Words; bytes: number };

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

  /** Notes a message as it passes, and how many `bytes` it carries beside its words. Costs a glance at it, more where it is long. */
  saw(pipe: string, message: Message, downloadId: number | null = null, bytes = 0): void {
    const at = this.#now();
    this.#seq++;
    this.#all.add(1, at);
    const kept = leftAfter(message, LIGHT) < 0 ? new Words(message) : message;
    const seen = { seq: this.#seq, at, pipe, message: kept, downloadId, bytes };
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
    return found.map(({ message, bytes, ...seen }) => {
      const { kind, text, sizeBytes } = message instanceof Words ? message : new Words(message);
      return { ...seen, kind, text, sizeBytes: sizeBytes + bytes };
    });
  }
}

/** How many characters are left of so many after a value as text, roughly; it looks no further than to the first too much. */
function leftAfter(value: unknown, room: number): number {
  if (typeof value === 'string') return room - value.length;
  if (typeof value !== 'object' || value === null) return room - 2;
  let left = room;
  if (Array.isArray(value)) for (let n = 0; n < value.length && left >= 0; n++) left = leftAfter(value[n], left - 1);
  // No list is made of what is in it: this is asked of each message.
  else for (const name in value) if (left >= 0) left = leftAfter(value[name as never], left - name.length - 4);
  return left;
}

/** A message as it is shown, without its secrets. */
class Words {
  readonly kind: string;
  readonly text: string;
  readonly sizeBytes: number;

  constructor(message: Message) {
    const { kind, ...rest } = message;
    const text = JSON.stringify(rest, (name, value) => {
      const masked = maskSecrets(name, value);
      return Array.isArray(masked) ? masked.slice(0, ELEMENTS_SHOWN) : masked;
    });
    this.kind = kind;
    // A copy: a piece of a string keeps all of it in memory.
    this.text = text.length > TEXT_SHOWN ? `${Buffer.from(text.slice(0, TEXT_SHOWN - 1)).toString()}…` : text;
    this.sizeBytes = JSON.stringify(message).length;
  }
}
