// The engine's tap as the window sees it: asked four times a second while somebody looks, never otherwise.
import type { Bridge } from '../../shared/shell-api.ts';
import type { TapMessage, Traffic as Picture } from '../../shared/traffic.ts';
import type { Words } from '../words.ts';
import { every } from './polling.ts';

const POLL_MS = 250;
const FRAME_MS = 17;
/** Messages kept for reading. */
const KEEP = 2000;
/** Of each pipe so many are kept beside them, and of so many pipes. */
const KEEP_OF_PIPE = 50;
const PIPES = 256;
/** Dots that start in one poll at most; the rest of the messages are only counted. */
const DOTS = 3;

/** `carries`: whether what is on that pipe is shown. */
export type Only = { title: string; carries: (pipe: string) => boolean };

export class Traffic {
  picture = $state.raw<Picture | null>(null);
  /** The same for what stands beside it, a frame later: one frame for all would be a long one. */
  beside = $state.raw<Picture | null>(null);
  /** The last messages, oldest first. */
  messages = $state.raw<TapMessage[]>([]);
  /** Messages that came with the last poll, thinned out, to be drawn as dots. */
  fresh = $state.raw<TapMessage[]>([]);
  paused = $state(false);
  /** The deepest that each queue was seen to be. */
  deepestTask = $state(0);
  deepestResult = $state(0);
  filter = $state('');
  /** Of which queue, pipe or worker messages are shown; null: of all. */
  only = $state.raw<Only | null>(null);
  shown = $derived.by(() => {
    const { only } = this;
    const ofPlace = only ? this.messages.filter(({ pipe }) => only.carries(pipe)) : this.messages;
    const wanted = searched(this.filter.trim());
    if (wanted === '') return ofPlace;
    return ofPlace.filter((one) =>
      searched(`${this.wayOf(one.pipe)} ${one.kind} ${Traffic.readable(one)}`).includes(wanted),
    );
  });

  #bridge: Bridge;
  #words: () => Pick<Words, 'worker' | 'pipeEnd'>;
  #seq = 0;
  #asking = false;

  /** `words`: those that the window says now. */
  constructor(bridge: Bridge, words: () => Pick<Words, 'worker' | 'pipeEnd'>) {
    this.#bridge = bridge;
    this.#words = words;
  }

  /** Where the messages of a pipe go, as it is shown. */
  wayOf(pipe: string): string {
    const words = this.#words();
    const ends = pipe.split(' > ').map((end) => {
      const id = /^worker (\d+)$/.exec(end)?.[1];
      return id === undefined ? words.pipeEnd(end) : words.worker(Number(id));
    });
    return ends.join(' → ');
  }

  /** A message's content with the marks left out that only machines need. */
  static readable({ text }: TapMessage): string {
    return text
      .replace(/"([^"]*)":/g, '$1 ')
      .replace(/[{}"[\]]/g, '')
      .replaceAll(',', '  ');
  }

  /** Shows the messages of one place; of all where that one was chosen already. */
  choose(only: Only): void {
    this.only = this.only?.title === only.title ? null : only;
  }

  /** Starts looking; returns what ends it. */
  watch(): () => void {
    // One timer for each who looks: when a view follows another, both look for a moment.
    const stop = every(POLL_MS, () => this.poll());
    return () => {
      stop();
      this.fresh = [];
    };
  }

  async poll(): Promise<void> {
    if (this.paused || this.#asking) return;
    this.#asking = true;
    const answer = await this.#bridge.call('traffic', { afterSeq: this.#seq });
    this.#asking = false;
    if (answer.ok && !this.paused) await this.#show(answer.value);
  }

  async #show(picture: Picture): Promise<void> {
    this.picture = picture;
    this.deepestTask = Math.max(this.deepestTask, picture.taskQueue.depth);
    this.deepestResult = Math.max(this.deepestResult, picture.resultQueue.depth);
    const fresh = picture.messages.filter((one) => one.seq > this.#seq);
    // What happened before anybody looked is to be read, not played.
    const dots = this.#seq === 0 ? [] : thin(fresh, DOTS);
    this.#seq = fresh.at(-1)?.seq ?? this.#seq;
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    this.beside = picture;
    if (dots.length > 0 || this.fresh.length > 0) this.fresh = dots;
    if (fresh.length > 0) this.messages = lastOf([...this.messages, ...fresh]);
  }
}

/** The newest messages, and before these the last of each pipe. */
function lastOf(messages: readonly TapMessage[]): TapMessage[] {
  const counts: Record<string, number> = {};
  let pipes = 0;
  const kept: TapMessage[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i]!;
    const count = counts[message.pipe] ?? 0;
    const ofPipe = count < KEEP_OF_PIPE && (count > 0 || pipes < PIPES);
    if (ofPipe) {
      counts[message.pipe] = count + 1;
      if (count === 0) pipes += 1;
    } else if (messages.length - i > KEEP) continue;
    kept.push(message);
  }
  return kept.reverse();
}

/** At most `count` of the messages, taken at even steps. */
export function thin<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!);
}

/** Letters of either case and spaces of any width are the same. */
function searched(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ');
}
