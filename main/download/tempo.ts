// Watches how fast a download's connections are: lets more join while that helps, and finds the one that lags.
import { Growth } from './growth.ts';
import type { PartFile } from './disk/part-file.ts';
import type { Segment, Segments } from './segments.ts';

const TICK_MS = 100;
/** The best mean fades so much with each tick, so that a line that became slow is no laggard for ever. */
const FADE = 0.98;
/** A laggard is replaced while all are busy, too: the next one so much later, and later each time, or a slow line would be opened anew for ever. */
const REPLACE_AGAIN_MS = 1000;

export class Tempo {
  readonly #growth: Growth;
  readonly #part: PartFile;
  readonly #segments: Segments;
  #timer: NodeJS.Timeout | null = null;
  #lastBytes = 0;
  #meanBytesPerS = 0;
  #replaceFrom = 0;
  #replaceWaitMs = REPLACE_AGAIN_MS;

  constructor(maxConnections: number, part: PartFile, segments: Segments) {
    this.#growth = new Growth(maxConnections);
    this.#part = part;
    this.#segments = segments;
  }

  /** How many connections the download should have now. */
  get wanted(): number {
    return this.#growth.wanted;
  }

  /** How many connections the download may have at most, from now on. */
  set max(value: number) {
    this.#growth.max = value;
  }

  /** Starts to look, ten times a second; `onTick` gets the number of connections from `active` looked at. */
  begin(active: () => number, onTick: () => void): void {
    this.#growth.begin(performance.now());
    this.#lastBytes = this.#part.receivedBytes;
    this.#timer = setInterval(() => {
      this.#look(active());
      onTick();
    }, TICK_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** A connection was refused or broke: `active` are left. */
  stepDown(active: number): void {
    this.#growth.stepDown(active, performance.now());
  }

  /** What one connection brought on average when that was best lately. */
  get meanBytesPerS(): number {
    return this.#meanBytesPerS;
  }

  /**
   * The segment that should be broken off, if any: `free` connections take it over, or its own connection is opened anew,
   * because another line may be faster.
   */
  laggard(free: boolean): Segment | null {
    if (this.#growth.wanted < 2) return null;
    if (free) return this.#segments.laggard(this.#meanBytesPerS);
    const now = performance.now();
    const laggard = now < this.#replaceFrom ? null : this.#segments.laggard(this.#meanBytesPerS);
    if (laggard) {
      this.#replaceFrom = now + this.#replaceWaitMs;
      this.#replaceWaitMs *= 2;
    }
    return laggard;
  }

  #look(active: number): void {
    const { receivedBytes } = this.#part;
    const bytesPerS = ((receivedBytes - this.#lastBytes) * 1000) / TICK_MS;
    this.#lastBytes = receivedBytes;
    for (const segment of this.#segments.running) this.#segments.measure(segment, TICK_MS);
    if (active === 0) return;
    this.#meanBytesPerS = Math.max(this.#meanBytesPerS * FADE, bytesPerS / active);
    this.#growth.observe(bytesPerS, active, performance.now());
  }
}
