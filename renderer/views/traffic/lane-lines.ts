// What a lane of the Traffic picture says of its worker: as many lines as its height has room for.
import type { Format } from '../../../shared/format.ts';
import type { WorkerState } from '../../../shared/traffic.ts';
import type { Words } from '../../words.ts';

/** What stands at the left and at the right end of a line. */
export type LaneLine = [left: string, right: string];

/** Heights in px from which there is room for a second and a third line. */
const TWO_LINES = 48;
const THREE_LINES = 68;
/** So many letters of a machine's name stand beside what it holds. */
const NAME = 16;

/** The lines of a lane of `height` px: who it is and how fast, where it runs and what it holds, what it costs. */
export function linesOf(worker: WorkerState, height: number, words: Words, format: Format): LaneLine[] {
  const speed = worker.state === 'ready' ? format.speed(worker.bytesPerS) : words.workerState(worker.state);
  const lines: LaneLine[] = [[words.workerName(worker.id), speed]];
  if (height >= TWO_LINES) {
    const machine = height < Infinity ? shortened(worker.machine) : worker.machine;
    const where = machine === '' || worker.kind === 'local' ? words.thisComputer : machine;
    const oldest = Math.max(0, ...worker.leases.map(({ ageMs }) => ageMs));
    const leases = words.leases(worker.leases.length);
    lines.push([
      worker.pid > 0 ? `${words.pid(worker.pid)} · ${where}` : where,
      worker.leases.length === 0 ? leases : `${leases} · ${format.duration(oldest)}`,
    ]);
  }
  // A Python program does not say what it costs.
  if (height >= THREE_LINES && worker.kind !== 'python') {
    const memory = worker.rssBytes > 0 ? format.size(worker.rssBytes) : '';
    lines.push([words.cpu(format.percent(worker.cpuPercent, 100)), memory]);
  }
  return lines;
}

/** Who holds a lock, as the window calls it; the engine says `worker 3`. */
export function holderName(holder: string, words: Words): string {
  const id = /^worker (\d+)$/.exec(holder)?.[1];
  return id === undefined ? holder : words.workerName(Number(id));
}

/** A name of at most `most` letters: what is too long is cut in its middle, for the ends tell names apart. */
export function shortened(name: string, most = NAME): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const tail = Math.floor((most - 1) / 2);
  return `${letters.slice(0, most - 1 - tail).join('')}…${letters.slice(-tail).join('')}`;
}
