// Both ways of transferring a body; the tests of the rules run over each.
import type { Lane } from '../../shared/protocol.ts';

export const lanes: Lane[] = ['fetch', 'direct'];
