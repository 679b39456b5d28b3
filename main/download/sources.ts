// The URLs that have a task's file: its own, then its mirrors in the order of preference, with what each brought and whether it failed.
import { asMirrored, type Brought, type Extent, type Validators } from '../../shared/download.ts';
import { fail, saidOf, type Failure, type FailureCode } from '../../shared/failure.ts';
import type { Task } from '../../shared/protocol.ts';
import { because } from '../../shared/why.ts';
import type { Report } from './report.ts';
import { addExtent, gapsOf, meets, without, type Extents } from './extents.ts';

/** What another server does not help against. */
const OURS: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'disk-full',
  'disk-error',
  'no-permission',
  'path-too-long',
  'name-taken',
  'part-file-lost',
  'too-many-open-files',
  'wrong-checksum',
  'internal',
]);

/** Whether the failure is of this machine or of what was asked for, so that another server does not help. */
export function isOurs({ code }: Failure): boolean {
  return OURS.has(code);
}

/** One URL and what the part file has from it, as far as that is known. */
export class Source {
  readonly url: string;
  readonly host: string;
  brought: Extents = [];
  dropped = false;

  constructor(url: string) {
    this.url = url;
    this.host = hostOf(url);
  }

  brings(start: number, end: number): void {
    this.brought = addExtent(this.brought, start, end);
  }
}

export class Sources {
  /** The best one first. */
  readonly all: readonly Source[];
  /** The one that a session begins with, and whose word counts where two differ. */
  main: Source;
  readonly #report: Report;
  /** As the task has them: what was brought is told by their places. */
  readonly #urls: readonly string[];
  /** What is known of the content in the part file, and who said so. */
  known: Validators | null;
  #knownFrom: Source | null;
  /** What was here before this lease: on the disk anything may have become of it. */
  #before: Extents = [];
  #firstFailure: Failure | null = null;

  constructor(task: Pick<Task, 'url' | 'mirrors' | 'validators' | 'brought'>, report: Report) {
    const { url, mirrors, validators, brought = [] } = task;
    this.#report = report;
    this.#urls = [url, ...mirrors];
    this.all = [...new Set(this.#urls)].map((each) => new Source(each));
    for (const [index, start, end] of brought) {
      this.all.find((source) => source.url === this.#urls[index])?.brings(start, end);
    }
    const from = validators?.mirror ?? url;
    this.known = validators;
    this.#knownFrom = this.all.find((source) => source.url === from) ?? null;
    this.main = this.#knownFrom ?? this.all[0]!;
  }

  /** The part file holds `written` to begin with. */
  begin(written: Extents): void {
    this.#before = written;
    if (written.length === 0) this.known = null;
    this.forget(gapsOf(written, Infinity));
  }

  /** Who brought what, for the next lease; undefined where there is one source alone. */
  get brought(): Brought[] | undefined {
    if (this.all.length === 1) return undefined;
    return this.all.flatMap(({ url, brought }) => {
      const index = this.#urls.indexOf(url);
      return brought.map(([start, end]) => [index, start, end] satisfies Brought);
    });
  }

  /** The main source said what its content is. */
  learn(seen: Validators): Validators {
    this.#knownFrom = this.main;
    return (this.known = this.isOwn ? seen : { ...seen, mirror: this.main.url });
  }

  /** What the main source's answers are held against. */
  get kept(): Validators | null {
    return this.main === this.#knownFrom ? this.known : asMirrored(this.known);
  }

  /** Whether the main one is a mirror that was not heard of this content before: what it has is no news of the file. */
  get isStranger(): boolean {
    return !this.isOwn && this.main !== this.#knownFrom;
  }

  /** Those besides the main one that may still be asked. */
  get others(): Source[] {
    return this.all.filter((source) => source !== this.main && !source.dropped);
  }

  /** Whether the main one is the download's own URL. */
  get isOwn(): boolean {
    return this.main === this.all[0];
  }

  /**
   * Whose bytes may be wrong when what `source` brings differs from what is here: its own, and of those that brought what is
   * here all but the main one. None, when the main one was not heard of this content before or differs from itself.
   */
  distrusted(source: Source, range: Extent): ReadonlySet<Source> {
    if (source === this.main && this.isStranger) return new Set();
    return new Set(this.all.filter((each) => each !== this.main && (each === source || meets(each.brought, [range]))));
  }

  /** What of `extents` no mirror is known to have brought. */
  ofMain(extents: Extents): Extents {
    return without(extents, broughtBy(this.all.filter((source) => source !== this.main)));
  }

  /** Asks one no more. */
  drop(source: Source, failure: Failure): void {
    if (source.dropped) return;
    source.dropped = true;
    this.#firstFailure ??= failure;
    if (this.all.every((other) => other.dropped)) return;
    const { code, message, said } = failure;
    this.#report.event('mirror-dropped', { ...said, host: source.host, code, message });
  }

  /** Goes on with the best one left after `failure`. Null, or the failure to tell: the first one, when none is left. */
  goOn(failure: Failure): Failure | null {
    if (isOurs(failure)) return failure;
    const next = this.all.find((source) => !source.dropped);
    if (next) {
      this.main = next;
      return null;
    }
    const told = this.#firstFailure ?? failure;
    const others = this.all.length - 1;
    if (others === 0) return told;
    const first = saidOf(told);
    const why = others === 1 ? because('mirror-too', { first }) : because('mirrors-too', { first, others });
    return { ...told, ...fail(told.code, why, told.retry) };
  }

  /**
   * What is to be fetched again of a file that is wrong, of which `good` alone is known to be right: all else of it, or what
   * those brought who are to blame, or (once) what was here before.
   */
  suspect(good: Extents, totalBytes: number, failure: Failure): Extents {
    const bad = gapsOf(good, totalBytes);
    const brought = broughtBy(this.#blame(bad, failure));
    const before = this.#before;
    this.#before = [];
    if (good.length > 0) return bad;
    return brought.length > 0 ? brought : before;
  }

  /**
   * Drops those that brought what turned out to be wrong, when another one is left to fetch it from: who alone brought a
   * wrong range, else all but the main one. Returns them.
   */
  #blame(wrong: Extents, failure: Failure): Source[] {
    const suspects = this.all.filter((source) => meets(source.brought, wrong));
    const surely = suspects.filter((source) =>
      wrong.some(
        (range) =>
          meets(source.brought, [range]) &&
          suspects.every((other) => other === source || !meets(other.brought, [range])),
      ),
    );
    const guilty = surely.length > 0 ? surely : suspects.filter((source) => source !== this.main);
    if (!this.all.some((source) => !source.dropped && !guilty.includes(source))) return [];
    for (const source of guilty) this.drop(source, failure);
    if (this.main.dropped) this.main = this.all.find((source) => !source.dropped)!;
    return guilty;
  }

  /** The part file does not hold `gone` any more. */
  forget(gone: Extents): void {
    for (const source of this.all) source.brought = without(source.brought, gone);
  }
}

/** The host and port of a URL; empty when it is none, which whoever asks for it is told. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
}

/** All of `sources` brought together. */
export function broughtBy(sources: Iterable<Source>): Extents {
  let all: Extents = [];
  for (const { brought } of sources) for (const [start, end] of brought) all = addExtent(all, start, end);
  return all;
}
