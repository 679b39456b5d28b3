// Starts an origin that closes with the running test.
import { onTestFinished } from 'vitest';
import { startOrigin, type Origin, type OriginOptions } from './origin.ts';

export async function originForTest(options?: OriginOptions): Promise<Origin> {
  const origin = await startOrigin(options);
  onTestFinished(() => origin.close());
  return origin;
}
