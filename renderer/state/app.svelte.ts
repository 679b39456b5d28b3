// Everything the window holds, and what a person can do in it; components only show it.
import { createContext } from 'svelte';
import type { CallArg, CallName, EngineEvent } from '../../shared/api.ts';
import type { Priority, Row } from '../../shared/download.ts';
import type { Bridge, Countdown, MenuCommand, ShellEvent } from '../../shared/shell-api.ts';
import { Adding } from './adding.svelte.ts';
import { guard } from './bridge.ts';
import { runCommand } from './commands.ts';
import { Coordination } from './coordination.svelte.ts';
import { Downloads } from './downloads.svelte.ts';
import { Exchange } from './exchange.svelte.ts';
import { bestText, type Dropped } from './dropped.ts';
import { Inspected } from './inspected.svelte.ts';
import { Offer } from './offer.svelte.ts';
import { Preferences } from './preferences.svelte.ts';
import { Selection } from './selection.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import { Traffic } from './traffic.svelte.ts';

type Which = CallArg<'pause'>;
export type View = 'list' | 'traffic' | 'machines' | 'settings';
/** The questions that a dialog asks; one at a time. */
export type Question =
  | { kind: 'none' }
  | { kind: 'remove'; which: Which; count: number; name: string | null }
  | { kind: 'new-link'; id: number; url: string }
  | { kind: 'limit'; ids: number[]; limit: number | null }
  | { kind: 'shortcuts' }
  | { kind: 'about' };
type Change = Extract<CallName, 'pause' | 'resume' | 'retry' | 'redownload'>;

const everything: Which = { query: { status: 'all' } };

export class App {
  view = $state<View>('list');
  question = $state.raw<Question>({ kind: 'none' });
  /** What is about to happen after the last download. */
  countdown = $state.raw<Countdown | null>(null);
  /** The time now, in ms; moves once a second. */
  now = $state(Date.now());
  sidebarOpen = $state(false);
  /** Grows when the search field is asked to take the focus. */
  findAsked = $state(0);

  readonly bridge: Bridge;
  readonly preferences: Preferences;
  readonly downloads: Downloads;
  readonly selection: Selection;
  readonly adding: Adding;
  readonly offer: Offer;
  readonly inspected: Inspected;
  readonly traffic: Traffic;
  readonly coordination: Coordination;
  readonly exchange: Exchange;
  readonly toasts = new Toasts();

  constructor(bridge: Bridge) {
    this.bridge = guard(bridge, () => this.words);
    this.preferences = new Preferences(this.bridge);
    this.downloads = new Downloads(this.bridge);
    this.selection = new Selection(this.bridge, this.downloads);
    this.adding = new Adding(this.bridge);
    this.offer = new Offer(this.bridge);
    this.inspected = new Inspected(this.bridge);
    this.traffic = new Traffic(this.bridge, () => this.words);
    this.coordination = new Coordination(this.bridge);
    this.exchange = new Exchange({
      bridge: this.bridge,
      toasts: this.toasts,
      preferences: this.preferences,
      addFrom: (files) => void this.adding.openWith({ files }),
    });
  }

  get words() {
    return this.preferences.words;
  }

  get format() {
    return this.preferences.format;
  }

  /** Loads what is there and listens from now on; returns what ends it. */
  start(): () => void {
    const stop = this.bridge.onEvent((event) => this.#onEvent(event));
    void this.#load();
    const tick = setInterval(() => {
      this.now = Date.now();
      this.downloads.sampleSpeeds();
      if (this.inspected.detail?.row.status === 'running') void this.inspected.refresh();
    }, 1000);
    return () => {
      stop();
      clearInterval(tick);
    };
  }

  show(view: View): void {
    this.view = view;
    this.sidebarOpen = false;
    if (view !== 'list') this.inspected.close();
  }

  /** Shows the list with a filter. */
  filter(change: Parameters<Downloads['setQuery']>[0]): void {
    this.show('list');
    this.narrow(change);
  }

  /** Filters the list, whether it is shown or not. */
  narrow(change: Parameters<Downloads['setQuery']>[0]): void {
    this.selection.reset();
    this.downloads.setQuery(change);
  }

  /** Shows the details of a download beside the list, whichever row was chosen there before. */
  reveal(id: number): void {
    this.show('list');
    this.selection.reset();
    this.inspected.open(id);
  }

  async act(change: Change, which: Which | null): Promise<void> {
    if (which === null) return;
    const answer = await this.bridge.call(change, which);
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  pauseOrResumeAll(): Promise<void> {
    return this.act(this.somethingRuns ? 'pause' : 'resume', everything);
  }

  get somethingRuns(): boolean {
    return this.downloads.counts.running + this.downloads.counts.queued > 0;
  }

  /** Pauses the selected ones if any of them may run, else lets paused ones go on, else tries failed ones again. */
  async toggle(): Promise<void> {
    const which = this.selection.which();
    if (which === null) return;
    const rows = this.selection.rows();
    if (rows.length === 0 && 'ids' in which) {
      const answer = await this.bridge.call('detail', { id: which.ids[0]! });
      if (answer.ok && answer.value !== null) rows.push(answer.value.row);
    }
    const any = (...wanted: Row['status'][]) => rows.some(({ status }) => wanted.includes(status));
    if (any('queued', 'running')) return this.act('pause', which);
    if (any('paused')) return this.act('resume', which);
    if (any('failed')) return this.act('retry', which);
  }

  askRemove(which: Which | null, count: number, name: string | null): void {
    if (which !== null && count > 0) this.question = { kind: 'remove', which, count, name };
  }

  async remove(which: Which, deleteFiles: boolean): Promise<void> {
    const answer = await this.bridge.call('remove', { which, deleteFiles });
    if (!answer.ok) return this.toasts.error(answer.error.message);
    const { changed, undo } = answer.value;
    this.selection.clear();
    if (this.inspected.id !== null && (!('ids' in which) || which.ids.includes(this.inspected.id))) {
      this.inspected.close();
    }
    if (changed === 0) return;
    const text = deleteFiles ? this.words.removedWithFiles(changed) : this.words.removed(changed);
    this.toasts.info(text, undo === null ? null : { label: this.words.undo, run: () => void this.#undo(undo) });
  }

  /** Gives a download another address; returns why it was not taken, or null. */
  async setLink(id: number, url: string): Promise<string | null> {
    const answer = await this.bridge.call('setUrl', { id, url });
    return answer.ok ? null : answer.error.message;
  }

  async move(ids: number[], to: 'first' | 'last' | { before: number }): Promise<void> {
    const answer = await this.bridge.call('move', { ids, to });
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  /** Asks for a speed limit; of one download with the one that it has. */
  async askLimit(ids: number[]): Promise<void> {
    let limit: number | null = null;
    if (ids.length === 1) {
      const answer = await this.bridge.call('detail', { id: ids[0]! });
      if (!answer.ok) return this.toasts.error(answer.error.message);
      limit = answer.value?.limitBytesPerS ?? null;
    }
    this.question = { kind: 'limit', ids, limit };
  }

  async setLimit(ids: number[], limitBytesPerS: number | null): Promise<void> {
    const answers = await Promise.all(ids.map((id) => this.bridge.call('setLimit', { id, limitBytesPerS })));
    for (const answer of answers) if (!answer.ok) return this.toasts.error(answer.error.message);
    void this.inspected.refresh();
  }

  async setPriority(which: Which, priority: Priority): Promise<void> {
    const answer = await this.bridge.call('setPriority', { which, priority });
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  async setTotalLimit(limitBytesPerS: number | null): Promise<void> {
    const answer = await this.preferences.change({ limitBytesPerS });
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  /** Copies the addresses or names of the selected rows, one a line. */
  async copySelected(what: 'url' | 'name'): Promise<void> {
    const which = this.selection.which();
    if (which === null) return;
    const rows = this.selection.rows();
    if (rows.length === this.selection.count) return this.copy(rows.map((row) => row[what]).join('\n'));
    const answer = await this.bridge.call('linesOf', { which, what });
    if (!answer.ok) return this.toasts.error(answer.error.message);
    const { lines } = answer.value;
    if (lines.length === 0) return this.toasts.error(this.words.nothingToCopy);
    await this.copy(lines.join('\n'));
  }

  async copy(text: string): Promise<void> {
    const answer = await this.bridge.shell('copyText', { text });
    if (answer.ok) this.toasts.info(this.words.copied);
    else this.toasts.error(answer.error.message);
  }

  async onDisk(what: 'openFile' | 'showInFolder', id: number): Promise<void> {
    const answer = await this.bridge.shell(what, { id });
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  async demo(): Promise<void> {
    const answer = await this.bridge.call('startDemo', null);
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  /** Shows the preview of something dropped or pasted, or says why there is none. */
  take(dropped: Dropped): void {
    switch (dropped.kind) {
      case 'source':
        this.question = { kind: 'none' };
        void this.adding.openWith(dropped.source);
        return;
      case 'folder':
        return this.toasts.error(this.words.dropFolder(dropped.name));
      case 'nothing':
        return this.toasts.error(this.words.dropNothing);
      default:
        dropped satisfies never;
    }
  }

  async paste(): Promise<void> {
    const answer = await this.bridge.shell('readClipboard', null);
    if (!answer.ok) return this.toasts.error(answer.error.message);
    const dropped = bestText('', answer.value.text, answer.value.html);
    if (dropped.kind === 'nothing') this.toasts.error(this.words.clipboardEmpty);
    else this.take(dropped);
  }

  /** Shows the links that were copied, before anything of them is added. */
  takeOffer(): void {
    this.take({ kind: 'source', source: { text: this.offer.take() } });
  }

  async addFromFiles(): Promise<void> {
    const answer = await this.bridge.shell('chooseLists', null);
    if (answer.ok && answer.value.length > 0) void this.adding.openWith({ files: answer.value });
  }

  async confirmAdding(): Promise<void> {
    const added = await this.adding.confirm();
    if (added === null) return;
    this.toasts.info(this.words.added(added));
    void this.offer.refresh();
    this.filter({ status: 'all', category: null, host: null, text: '' });
  }

  command(command: MenuCommand): void {
    runCommand(this, command);
  }

  /** Looks whether there is a countdown, stops it, or has it end now. */
  async endCountdown(what: 'look' | 'stop' | 'now'): Promise<void> {
    const answer = await this.bridge.shell('countdown', { do: what });
    if (answer.ok) this.countdown = answer.value;
  }

  /** Shows the downloads of a state, and the details when it is one. */
  #reveal(status: 'done' | 'failed', id: number | null): void {
    this.filter({ status: id === null ? status : 'all', category: null, host: null, text: '' });
    if (id !== null) this.inspected.open(id);
  }

  /** Asks for the settings and the list, once more where they did not come. */
  async reload(): Promise<void> {
    await Promise.all([this.preferences.load(), this.downloads.load()]);
  }

  async #load(): Promise<void> {
    await this.reload();
    // After the frame in which the list is painted.
    globalThis.requestAnimationFrame?.(() =>
      setTimeout(() => {
        performance.mark('shown');
        void this.bridge.shell('shown', null);
      }),
    );
    await Promise.all([
      this.#takeOpened(),
      this.offer.refresh(),
      this.coordination.refresh(),
      this.endCountdown('look'),
    ]);
  }

  async #takeOpened(): Promise<void> {
    const answer = await this.bridge.shell('takeOpened', null);
    if (!answer.ok) return;
    const { files, text } = answer.value;
    if (files.length === 0 && text === '') return;
    this.question = { kind: 'none' };
    void this.adding.openWith(files.length > 0 ? { files, links: text } : { text });
  }

  async #undo(undo: string): Promise<void> {
    const answer = await this.bridge.call('undoRemove', { undo });
    if (!answer.ok) this.toasts.error(answer.error.message);
  }

  #onEvent(event: EngineEvent | ShellEvent): void {
    switch (event.event) {
      case 'changed':
        this.downloads.changed(event);
        if (this.inspected.id !== null && event.revision > this.downloads.revision) void this.inspected.refresh();
        return;
      case 'settings':
        this.preferences.settings = event.settings;
        return;
      case 'menu':
        return this.command(event.command);
      case 'coordination':
        return void this.coordination.refresh();
      case 'reveal':
        return this.#reveal(event.status, event.id);
      case 'countdown':
        this.countdown = event.countdown;
        return;
      case 'trouble':
        return this.toasts.error(this.words.told(event));
      case 'opened':
        return void this.#takeOpened();
      case 'copied':
        return void this.offer.refresh();
      default:
        event satisfies never;
    }
  }
}

export const [useApp, provideApp] = createContext<App>();
