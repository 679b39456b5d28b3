// A machine that others use too: what a test waits for may take a while, and a shorter wait has to be asked for.
import { vi } from 'vitest';

const WAIT_MS = 15_000;

const { waitFor } = vi;
vi.waitFor = (callback, options) => waitFor(callback, options ?? { timeout: WAIT_MS });
