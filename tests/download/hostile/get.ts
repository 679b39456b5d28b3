// One file from a server that behaves as a test says.
import type { lanes } from '../../support/lanes.ts';
import { startBench } from '../../support/lease.ts';
import { contentBytes, seededContent, type Behaviour, type Seen } from '../../support/origin.ts';
import { originForTest } from '../../support/start.ts';

export const SIZE = 6_000_000;
export const FILE = contentBytes(seededContent(SIZE));

/** Serves `/f`, in the usual content where nothing else is said, and fetches it. */
export async function get(
  lane: (typeof lanes)[number],
  behaviour: Behaviour | ((seen: Seen) => Behaviour),
  settings: NonNullable<Parameters<typeof startBench>[0]>['settings'] = {},
) {
  const origin = await originForTest();
  origin.serve('/f', behaviour);
  const bench = startBench({ settings: { lane, ...settings } });
  const outcome = await bench.download(origin.url('/f'));
  return { origin, bench, outcome };
}
