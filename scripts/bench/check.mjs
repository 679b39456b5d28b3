// Whether a tool fetched what it was asked for: each file's length and SHA-256.
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Compares the files in a folder with what was served.
 * @param {string} dir
 * @param {import('./origin.mjs').Served[]} files
 * @returns {Promise<string | null>} what is wrong; null when every byte is right
 */
export async function wrongIn(dir, files) {
  for (const { name, sizeBytes, sha256 } of files) {
    const path = join(dir, basename(name));
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return `${basename(name)} is missing`;
    if (stats.size !== sizeBytes) return `${basename(name)} has ${stats.size} bytes of ${sizeBytes}`;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    if (hash.digest('hex') !== sha256) return `${basename(name)} has other bytes`;
  }
  return null;
}
