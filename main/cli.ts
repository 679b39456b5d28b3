// Entry: the engine without a window, for terminals and scripts, under plain Node.
import { fileURLToPath } from 'node:url';
import { probablyDownloads } from './cli/words.ts';
import { forkWorker } from './transport/process.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
const hashThread = new URL(`./hash-thread${extension}`, import.meta.url);
const workerEntry = fileURLToPath(new URL(`./worker${extension}`, import.meta.url));
const spawnWorker = (): ReturnType<typeof forkWorker> => forkWorker(workerEntry);

// The worker starts up while this process loads the rest of the program, which takes each of them as long.
const early = probablyDownloads(process.argv.slice(2)) ? spawnWorker() : null;

import('./cli/program.ts')
  .then(({ runProgram }) => runProgram({ spawnWorker, early, hashThread }))
  .then(
    (status) => process.exit(status),
    (error: unknown) => {
      process.stderr.write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
