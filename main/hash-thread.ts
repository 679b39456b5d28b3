// Entry: a thread that computes checksums.
import { hashHere, type HashJob } from './download/hashing.ts';
import { serveThread } from './download/thread-pool.ts';

serveThread(({ path, algorithm, start, end }: HashJob) => hashHere(path, algorithm, start, end));
