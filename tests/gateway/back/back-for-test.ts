// What the tests of files that are sent back share.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

// How long anything takes here is for the disk and the other programs to say, not for a test.
export const patient = { timeout: 60_000 };

export const MIB = 1024 * 1024;
export const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
