// Watches how fast a download's connections are: lets more join while that helps, and finds the one that lags.
import { Growth } from './growth.ts';
import type { PartFile } from './part-file.ts';
import type { Segment, Segments } from './segments.ts';

const TICK_MS = 100;
/** The best mean fades so much with each tick, so that a line that became slow is no laggard for ever. */
const FADE = 0.98;

export class Tempo {
  readonly #growth: Growth;
  readonly #part: PartFile;
  readonly #segments: Segments;
  #timer: NodeJS.Timeout | null = null;
  #lastBytes = 0;
  #meanBytesPerS = 0;

  constructor(maxConnections: number, part: PartFile, segments: Segments) {
    this.#growth = new Growth(maxConnections);
    this.#part = part;
    this.#segments = segments;
  }

  /** How many connections the download should have now. */
  get wanted(): number {
    return this.#growth.wanted;
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

  /** The segment that others should take over, if any. */
  laggard(): Segment | null {
    return this.#growth.wanted > 1 ? this.#segments.laggard(this.#meanBytesPerS) : null;
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
