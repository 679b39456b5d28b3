// Entry: the thread of a worker that computes checksums.
import { parentPort } from 'node:worker_threads';
import { hashHere, type HashJob, type HashResult } from './download/hashing.ts';

parentPort?.on('message', ({ number, path, algorithm, start, end }: HashJob) => {
  hashHere(path, algorithm, start, end).then(
    (hex) => parentPort?.postMessage({ number, hex } satisfies HashResult),
    (error: NodeJS.ErrnoException) =>
      parentPort?.postMessage({ number, error: error.message, code: error.code } satisfies HashResult),
  );
});
