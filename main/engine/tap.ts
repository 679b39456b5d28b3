// The tap: sees every message on every pipe, keeps the last ones, and puts them into words only when somebody looks.
import type { TapMessage } from '../../shared/traffic.ts';
import { Rate } from './rate.ts';
import { maskSecrets } from './secrets.ts';

const KEPT = 5000;
/** How many producers are known by name; who has put nothing for longest is forgotten first. */
const PRODUCERS_MAX = 256;

/** A message as a pipe carries it. */
type Message = { kind: string; [key: string]: unknown };
type Seen = { seq: number; at: number; pipe: string; message: Message; downloadId: number | null };

export class Tap {
  readonly #now: () => number;
  readonly #ring: (Seen | undefined)[] = new Array<Seen | undefined>(KEPT);
  readonly #all = new Rate();
  readonly #producers = new Map<string, { rate: Rate; at: number }>();
  #seq = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes a message as it passes. Costs a few assignments. */
  saw(pipe: string, message: Message, downloadId: number | null = null): void {
    const at = this.#now();
    this.#seq++;
    this.#all.add(1, at);
    this.#ring[this.#seq % KEPT] = { seq: this.#seq, at, pipe, message, downloadId };
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

  messagesPerS(): number {
    return this.#all.perS(this.#now());
  }

  /** The newest messages after `afterSeq`, oldest first, at most `limit`. */
  messages(afterSeq: number, limit = KEPT): TapMessage[] {
    const first = Math.max(afterSeq + 1, this.#seq - Math.min(limit, KEPT) + 1, 1);
    const found: TapMessage[] = [];
    for (let seq = first; seq <= this.#seq; seq++) {
      const seen = this.#ring[seq % KEPT];
      if (seen?.seq === seq) found.push(inWords(seen));
    }
    return found;
  }
}

function inWords({ seq, at, pipe, message, downloadId }: Seen): TapMessage {
  const json = JSON.stringify(message, maskSecrets);
  const { kind, ...rest } = JSON.parse(json) as { kind: string };
  const text = JSON.stringify(rest);
  return {
    seq,
    at,
    pipe,
    kind,
    text: text.length > 300 ? `${text.slice(0, 299)}…` : text,
    sizeBytes: json.length,
    downloadId,
  };
}
