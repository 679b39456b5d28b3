// What every Port promises, declared as tests for one kind of it.
import { afterEach, describe, test } from 'vitest';
import { portPromises, portPromisesOfDeath, type PortPair } from './port-promises.ts';

/** `canDie`: its pairs have a `killFar`. */
export function portContract(name: string, makePair: () => Promise<PortPair>, { canDie = true } = {}): void {
  describe(`a ${name} port`, () => {
    let pair: PortPair | undefined;
    afterEach(async () => {
      pair?.near.close();
      pair?.far.close();
      await pair?.dispose?.();
      pair = undefined;
    });
    for (const [promise, keep] of Object.entries({ ...portPromises, ...(canDie ? portPromisesOfDeath : {}) })) {
      test(promise, async () => {
        pair = await makePair();
        await keep(pair);
      });
    }
  });
}
