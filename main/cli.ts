// Entry: the engine without a window, for terminals and scripts, under plain Node.
import { fileURLToPath } from 'node:url';
import { probablyDownloads, probablySecure } from './cli/words.ts';
import { forkWorker } from './transport/process.ts';

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.cjs';
const hashThread = new URL(`./hash-thread${extension}`, import.meta.url);
const workerEntry = fileURLToPath(new URL(`./worker${extension}`, import.meta.url));
const spawnWorker = (...args: string[]): ReturnType<typeof forkWorker> => forkWorker(workerEntry, args);

// The worker starts up while this process loads the rest of the program, which takes each of them as long.
const argv = process.argv.slice(2);
const early = probablyDownloads(argv) ? spawnWorker(...(probablySecure(argv) ? ['--tls'] : [])) : null;

import('./cli/program.ts')
  .then(({ runProgram }) => runProgram({ spawnWorker: () => spawnWorker(), early, hashThread }))
  .then(
    (status) => process.exit(status),
    (error: unknown) => {
      process.stderr.write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
