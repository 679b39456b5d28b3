// How many connections a download should have: a handful as soon as it can, more only while each new one still brings its share.

/** Opened together behind the first good answer: what it would cost to find out one by one is more than a refusal costs. */
const FIRST_STEP = 8;
/** Each connection must keep this much of what one brought before the last step. */
const WORTH_IT = 0.7;
/** After a step that brought nothing, or a refusal, so long passes before one more is tried. */
const PATIENCE_MS = 4000;

export class Growth {
  wanted = 1;
  #max: number;
  #eachBefore = 0;
  #steppedAt = 0;
  #holdUntil = 0;
  /** The server turned one away: from then on one more at a time. */
  #cautious = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** How many it may have at most, from now on. */
  set max(value: number) {
    this.#max = value;
    this.wanted = Math.min(this.wanted, value);
  }

  /** Ranges work and there is enough to divide. */
  begin(nowMs: number): void {
    if (this.wanted > 1) return;
    this.wanted = Math.min(this.#max, FIRST_STEP);
    this.#steppedAt = nowMs;
  }

  /** Looks at the speed of all `active` connections together and takes a step when the last one was worth it. */
  observe(bytesPerS: number, active: number, nowMs: number): void {
    if (this.wanted >= this.#max || active < this.wanted || nowMs < this.#holdUntil || nowMs - this.#steppedAt < 80)
      return;
    const each = bytesPerS / active;
    if (each < this.#eachBefore * WORTH_IT) {
      this.#holdUntil = nowMs + PATIENCE_MS;
      this.#eachBefore = 0;
      return;
    }
    this.#eachBefore = each;
    this.#steppedAt = nowMs;
    this.wanted = Math.min(this.#max, this.#cautious ? this.wanted + 1 : this.wanted * 2);
  }

  /** A connection was refused or broke: `active` are left. */
  stepDown(active: number, nowMs: number): void {
    this.wanted = Math.max(1, Math.min(this.wanted, active));
    this.#cautious = true;
    this.#holdUntil = nowMs + PATIENCE_MS;
    this.#eachBefore = 0;
  }
}
