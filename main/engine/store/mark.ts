// The mark of a list: in the names of its unfinished files, so that those of another list in the same folder are not taken for its own.
import fs from 'node:fs';
import path from 'node:path';

const form = /^[\da-f]{8}$/;

/**
 * The mark kept in `<dir>/mark`, made at first use, and anew for a copy of the folder. One that cannot be kept serves as well:
 * each name is written down with its row.
 */
export function markOf(dir: string): string {
  const file = path.join(dir, 'mark');
  const { dev, ino } = fs.statSync(dir);
  const folder = `${dev}:${ino}`;
  try {
    const [kept = '', of] = fs.readFileSync(file, 'utf8').trim().split(' ');
    if (form.test(kept) && of === folder) return kept;
  } catch {
    // None yet.
  }
  // No secret: it has to differ from others, and Node need not load its cryptography for that.
  const mark = Math.trunc(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  try {
    fs.writeFileSync(file, `${mark} ${folder}\n`, { mode: 0o600 });
  } catch {
    // The disk is full.
  }
  return mark;
}
