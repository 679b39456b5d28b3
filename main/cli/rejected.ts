// The lines of a list that are no download, as the Sluice that has the list tells them.
import type { Preview, Verdict } from '../../shared/api.ts';
import type { Remote } from '../engine/instance.ts';

const PAGE = 500;

/** All of them, however many they are: a preview shows only the first lines. */
export async function rejectedIn(
  caller: Pick<Remote, 'call'>,
  { batch, counts }: Pick<Preview, 'batch' | 'counts'>,
): Promise<Verdict[]> {
  const rejected: Verdict[] = [];
  for (let offset = 0; offset < counts.rejected; offset += PAGE) {
    const page = { batch, only: 'rejected', offset, limit: PAGE } as const;
    rejected.push(...(await caller.call('previewLines', page)).lines);
  }
  return rejected;
}
