// Entry: a thread that computes checksums.
import os from 'node:os';
import { hashHere, type HashJob } from './download/disk/hashing.ts';
import { serveThread } from './download/disk/thread-pool.ts';

serveThread(({ path, algorithm, start, end, background }: HashJob) => {
  // On Linux this is about the calling thread; elsewhere it would slow the whole process down.
  if (background && process.platform === 'linux') os.setPriority(os.constants.priority.PRIORITY_LOW);
  return hashHere(path, algorithm, start, end);
});
