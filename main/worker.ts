// Entry: one worker process, under Electron's utility process or as a child of plain Node.
import { createSecureContext } from 'node:tls';
import { runWorker } from './download/run-worker.ts';
import { parentPort, utilityPort, type UtilityChannel } from './transport/process.ts';

/** The engine decides how many downloads run at once; a worker takes whatever it is given. */
const SLOTS = 256;
/** Of small files it may hold so many more, to go on without asking for each. */
const AHEAD = 192;

/** So long the engine has to take what was said last. */
const LAST_WORDS_MS = 1000;

const { parentPort: channel } = process as NodeJS.Process & { parentPort?: UtilityChannel };
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
const hashThread = new URL(`./hash-thread${extension}`, import.meta.url);

// Ctrl+C reaches the whole group; the engine is the one who says when to stop.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

void runWorker(channel ? utilityPort(channel) : parentPort(), { slots: SLOTS, ahead: AHEAD, hashThread }).finally(
  () => {
    if (!process.connected) process.exit();
    // What it said last goes out first, while somebody takes it.
    process.once('disconnect', () => process.exit());
    setTimeout(() => process.exit(), LAST_WORDS_MS);
  },
);

// Loaded, with the certificates it trusts, while there is nothing to do yet: else the first download waits for it.
if (process.argv.includes('--tls')) setImmediate(() => createSecureContext());
