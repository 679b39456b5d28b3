// The lines of a list that are no download, as the Sluice that has the list tells them.
import type { CallArg, CallName, CallResult, Preview, Verdict } from '../../shared/api.ts';

const PAGE = 500;

type Caller = { call<N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>> };

/** All of them, however many they are: a preview shows only the first lines. */
export async function rejectedIn(
  caller: Caller,
  { batch, counts }: Pick<Preview, 'batch' | 'counts'>,
): Promise<Verdict[]> {
  const rejected: Verdict[] = [];
  for (let offset = 0; offset < counts.rejected; offset += PAGE) {
    const page = { batch, only: 'rejected', offset, limit: PAGE } as const;
    rejected.push(...(await caller.call('previewLines', page)).lines);
  }
  return rejected;
}
