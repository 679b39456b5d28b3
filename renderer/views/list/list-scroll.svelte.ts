// Where the list stands: its rows are fetched around that, and the cursor stays in sight.
import { untrack } from 'svelte';
import type { App } from '../../state/app.svelte.ts';

/** How high a row is, in px. */
export const ROW = 52;
/** How high the head of the list is, which covers the rows that pass under it. */
const HEAD = 32;
const OVERSCAN = 3;
const REST_MS = 150;

/** Made by the component that shows the list, and there as long as that is. */
export class ListScroll {
  /** What scrolls; none while there is no list. */
  element = $state<HTMLElement>();
  /** In px; 0 until it is laid out. */
  height = $state(0);
  /** Whether it is being scrolled. */
  moving = $state(false);
  /** How many rows the keyboard takes for a page. */
  readonly page = $derived(Math.max(1, Math.floor((this.height - HEAD) / ROW) - 1));
  readonly #laidOut = $derived(this.height > 0);
  readonly #app: App;
  /** In px below the list's top. */
  #top = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(app: App) {
    this.#app = app;
    const { downloads, selection } = app;
    $effect(() => {
      void this.height;
      void downloads.total;
      // Were the place tracked too, every step of a scroll would lay the page out once more.
      untrack(() => this.#look());
    });
    // Another list begins at its top.
    $effect(() => {
      void downloads.query;
      if (this.element) this.element.scrollTop = 0;
    });
    // A person's step is seen; where the list moves by itself, the cursor stays in sight if it was.
    $effect(() => {
      void selection.steps;
      void this.#laidOut;
      untrack(() => this.#showCursor());
    });
    $effect(() => {
      void downloads.rows;
      const [before, seen] = untrack(() => [selection.cursor, this.#isCursorInSight()]);
      selection.follow();
      if (seen && selection.cursor !== before) untrack(() => this.#showCursor());
    });
  }

  /** Told each time that it has been scrolled. */
  scrolled(): void {
    this.moving = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => (this.moving = false), REST_MS);
    this.#look();
  }

  /** How far below the top of the first row something is that is at `clientY` of the window, in px. */
  belowFirstRow(clientY: number): number {
    if (!this.element) return 0;
    return clientY - this.element.getBoundingClientRect().top - HEAD + this.element.scrollTop;
  }

  #look(): void {
    if (!this.element) return;
    this.#top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(this.#top / ROW) - OVERSCAN);
    this.#app.downloads.setWindow(first, Math.ceil(this.height / ROW) + 2 * OVERSCAN);
  }

  #isCursorInSight(): boolean {
    const y = this.#app.selection.cursor * ROW;
    return y + ROW > this.#top && y + HEAD < this.#top + this.height;
  }

  #showCursor(): void {
    const { cursor } = this.#app.selection;
    if (!this.element || this.height === 0 || cursor < 0) return;
    const y = cursor * ROW;
    if (y < this.element.scrollTop) this.element.scrollTop = y;
    else if (y + ROW + HEAD > this.element.scrollTop + this.height) {
      this.element.scrollTop = y + ROW + HEAD - this.height;
    }
  }
}
