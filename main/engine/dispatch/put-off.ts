// Downloads that their server put off until later: for how long in a row that is believed.
import type { DownloadId } from '../../../shared/download.ts';
import { fail, saidOf, type Failure } from '../../../shared/failure.ts';
import { because } from '../../../shared/why.ts';

export class PutOff {
  /** How often in a row, by host and download; the host has sent nothing to any download since. */
  readonly #times = new Map<string, Map<DownloadId, number>>();

  /** The failure as it counts: without the wait that the server asks for, after as many as `most` in vain. */
  judge(host: string, id: DownloadId, failure: Failure, most: number): Failure {
    const times = this.#times.get(host)?.get(id) ?? 0;
    if (failure.retryAfterMs === undefined || times < most) return failure;
    const why = because('waited-in-vain', { told: saidOf(failure), times });
    const judged = { ...failure, ...fail(failure.code, why, failure.retry) };
    delete judged.retryAfterMs;
    return judged;
  }

  /** It waits once more (`waits`), or not any longer. */
  count(host: string, id: DownloadId, waits: boolean): void {
    const there = this.#times.get(host) ?? new Map<DownloadId, number>();
    if (waits) this.#times.set(host, there.set(id, (there.get(id) ?? 0) + 1));
    else if (there.delete(id) && there.size === 0) this.#times.delete(host);
  }

  /** The host has sent something: nobody waited for it in vain. */
  gave(host: string): void {
    this.#times.delete(host);
  }
}
