// Adding links: what was dropped, pasted or typed, what the engine understood of it, and the choice made.
/* eslint-disable svelte/prefer-svelte-reactivity -- caches behind the reactive fields, which say when they changed */
import type { CallArg, Preview, Verdict } from '../../shared/api.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import { BatchOptions } from './batch-options.svelte.ts';

export type Source = CallArg<'preview'>;
export type Kind = Verdict['kind'] | 'all';
/** Where links came from that do not stand in the box: text beside other sources or too long for it, a page, files. */
export type Origin = { kind: 'text'; lines: number } | { kind: 'page' } | { kind: 'files'; names: string[] };

/** Text longer than this is not put into the box: a box with 100,000 lines is slow and nobody reads it. */
const BOX_LIMIT = 60_000;
const TYPING_MS = 250;
const PAGE = 200;

export class Adding {
  open = $state(false);
  text = $state('');
  /** Empty while all of it stands in the box. */
  origins = $state.raw<Origin[]>([]);
  preview = $state.raw<Preview | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);
  only = $state<Kind>('all');
  /** How many lines `only` shows. */
  total = $state(0);
  known = $state(false);
  paused = $state(false);
  adding = $state(false);
  readonly options = new BatchOptions();
  /** Grows when lines have come. */
  version = $state(0);

  #bridge: Bridge;
  /** All that is to be understood. */
  #source: Source | null = null;
  #lines = new Map<number, Verdict>();
  #asked = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #run = 0;
  /** Ends when what was asked for last is understood, or a newer question took its place. */
  #understanding: Promise<void> = Promise.resolve();
  #confirming: Promise<unknown> = Promise.resolve();
  /** The folder that a person chose, and its disk's room; null: each goes where its category says. */
  #chosen = $state.raw<{ dir: string; freeBytes: number | null } | null>(null);

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** How many downloads the button would add. */
  get count(): number {
    if (!this.preview) return 0;
    return this.preview.counts.url + (this.known ? this.preview.counts.known : 0);
  }

  /** The folders that what is added goes to, each with how many. */
  get folders(): { dir: string; count: number; freeBytes: number | null }[] {
    if (!this.preview) return [];
    const { dir, freeBytes, folders } = this.preview;
    if (this.#chosen) return [{ ...this.#chosen, count: this.count }];
    const said = folders.find(({ category }) => category === this.options.category);
    if (said) return [{ dir: said.dir, count: this.count, freeBytes: said.freeBytes }];
    const counts = new Map<string, { dir: string; count: number; freeBytes: number | null }>();
    for (const folder of folders) {
      const count = folder.url + (this.known ? folder.known : 0) + (counts.get(folder.dir)?.count ?? 0);
      if (count > 0) counts.set(folder.dir, { dir: folder.dir, count, freeBytes: folder.freeBytes });
    }
    return counts.size > 0 ? [...counts.values()] : [{ dir, count: this.count, freeBytes }];
  }

  /** The one folder that all go to; empty when there are several. */
  get dir(): string {
    const [first, ...more] = this.folders;
    return more.length > 0 ? '' : (first?.dir ?? '');
  }

  /** What that folder's disk has room for. */
  get freeBytes(): number | null {
    const [first, ...more] = this.folders;
    return more.length > 0 ? null : (first?.freeBytes ?? null);
  }

  /** Opens with an empty box, unless it is open. */
  openEmpty(): void {
    if (this.open) return;
    this.#reset();
    this.open = true;
  }

  /** Opens with what was dropped, pasted or opened, beside what stands there already, and asks the engine what it is. */
  async openWith(source: Source): Promise<void> {
    // What is being added is not to be added once more.
    while (this.adding) await this.#confirming;
    const before = this.open ? this.#source : null;
    if (before === null) this.#reset();
    this.#stopTyping();
    this.open = true;
    const all = before === null ? source : together(before, source);
    this.text = 'text' in all && all.text.length <= BOX_LIMIT ? all.text : '';
    this.origins = this.text === '' ? originsOf(all) : [];
    return this.#understand(all);
  }

  /** The box changed; the engine is asked when the typing rests. */
  typed(text: string): void {
    this.text = text;
    this.#source = text.trim() === '' ? null : { text };
    this.#stopTyping();
    this.#timer = setTimeout(() => this.#readBox(), TYPING_MS);
  }

  choose(only: Kind): void {
    this.only = only;
    this.#lines.clear();
    this.#asked.clear();
    this.total = this.#countOf(only);
    this.version += 1;
  }

  lineAt(index: number): Verdict | null {
    return this.#lines.get(index) ?? null;
  }

  /** Says which lines are on the screen, so that they are fetched. */
  want(first: number, count: number): void {
    const preview = this.preview;
    if (!preview) return;
    const last = Math.min(this.total, first + count) - 1;
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
      if (this.#asked.has(page)) continue;
      this.#asked.add(page);
      void this.#fetchLines(preview.batch, page);
    }
  }

  /** Another folder may be on another disk: its room is asked for. An empty one leaves it to the categories again. */
  async setDir(dir: string): Promise<void> {
    this.#chosen = dir.trim() === '' ? null : { dir, freeBytes: null };
    if (this.#chosen === null) return;
    const answer = await this.#bridge.call('room', { dir });
    if (answer.ok && this.#chosen?.dir === dir) this.#chosen = { dir, freeBytes: answer.value.freeBytes };
  }

  /**
   * Adds what was typed or dropped, once all of it is understood. Returns how many came, or null when there was nothing
   * to add or it went wrong (`error` says why).
   */
  async confirm(): Promise<number | null> {
    if (this.adding) return null;
    this.adding = true;
    const adding = this.#allUnderstood()
      .then(() => this.#add())
      .finally(() => (this.adding = false));
    this.#confirming = adding;
    return adding;
  }

  async #add(): Promise<number | null> {
    const preview = this.preview;
    const said = this.options.said(this.count);
    if (!preview || this.count === 0 || said === null) return null;
    const answer = await this.#bridge.call('addBatch', {
      batch: preview.batch,
      ...(this.#chosen && { dir: this.#chosen.dir }),
      known: this.known,
      paused: this.paused,
      ...said,
    });
    if (!answer.ok) {
      this.error = answer.error.message;
      return null;
    }
    this.preview = null;
    this.#reset();
    this.open = false;
    return answer.value.added;
  }

  cancel(): void {
    this.#forgetBatch();
    this.#reset();
    this.open = false;
  }

  #reset(): void {
    this.#forgetBatch();
    this.#stopTyping();
    this.#source = null;
    this.text = '';
    this.origins = [];
    this.error = null;
    this.known = false;
    this.paused = false;
    this.options.reset();
    this.#chosen = null;
  }

  #forgetBatch(): void {
    this.#run += 1;
    this.busy = false;
    if (this.preview) void this.#bridge.call('discardBatch', { batch: this.preview.batch });
    this.preview = null;
    this.only = 'all';
    this.total = 0;
    this.#lines.clear();
    this.#asked.clear();
    this.version += 1;
  }

  #stopTyping(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #allUnderstood(): Promise<void> {
    while (this.#timer !== null || this.busy) {
      if (this.#timer !== null) this.#readBox();
      await this.#understanding;
    }
  }

  /** Asks the engine what stands in the box now. */
  #readBox(): void {
    this.#stopTyping();
    if (this.#source !== null) return void this.#understand(this.#source);
    this.error = null;
    this.#forgetBatch();
  }

  #understand(source: Source): Promise<void> {
    this.#understanding = this.#ask(source);
    return this.#understanding;
  }

  async #ask(source: Source): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    this.#source = source;
    this.busy = true;
    this.error = null;
    const answer = await this.#bridge.call('preview', source);
    if (run !== this.#run) {
      if (answer.ok) void this.#bridge.call('discardBatch', { batch: answer.value.batch });
      return;
    }
    this.#forgetBatch();
    if (!answer.ok) {
      this.error = answer.error.message;
      return;
    }
    this.preview = answer.value;
    this.total = this.#countOf('all');
    answer.value.lines.forEach((line, index) => this.#lines.set(index, line));
    const whole = Math.floor(answer.value.lines.length / PAGE);
    for (let page = 0; page < whole; page += 1) this.#asked.add(page);
    if (answer.value.lines.length >= this.total) this.#asked.add(whole);
    this.version += 1;
  }

  #countOf(only: Kind): number {
    if (!this.preview) return 0;
    return only === 'all' ? this.preview.total : this.preview.counts[only];
  }

  async #fetchLines(batch: string, page: number): Promise<void> {
    const only = this.only;
    const answer = await this.#bridge.call('previewLines', { batch, only, offset: page * PAGE, limit: PAGE });
    if (!answer.ok || this.preview?.batch !== batch || this.only !== only) return;
    answer.value.lines.forEach((line, i) => this.#lines.set(page * PAGE + i, line));
    this.version += 1;
  }
}

/** Two sources as one. */
function together(a: Source, b: Source): Source {
  if ('text' in a && 'text' in b) return { text: joined(a.text, b.text) };
  const [first, second] = [partsOf(a), partsOf(b)];
  return {
    files: [...first.files, ...second.files],
    links: joined(first.links, second.links),
    page: joined(first.page, second.page),
  };
}

function partsOf(source: Source): { files: string[]; links: string; page: string } {
  if ('text' in source) return { files: [], links: source.text, page: '' };
  if ('html' in source) return { files: [], links: '', page: source.html };
  const { files, links = '', page = '' } = source;
  return { files, links, page };
}

function originsOf(source: Source): Origin[] {
  const { files, links, page } = partsOf(source);
  const origins: Origin[] = [];
  if (files.length > 0) origins.push({ kind: 'files', names: files.map((path) => path.split(/[\\/]/).at(-1) ?? path) });
  if (page !== '') origins.push({ kind: 'page' });
  if (links !== '') origins.push({ kind: 'text', lines: countLines(links) });
  return origins;
}

function joined(first: string, second: string): string {
  return [first, second].filter((text) => text !== '').join('\n');
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return text.endsWith('\n') ? lines - 1 : lines;
}
