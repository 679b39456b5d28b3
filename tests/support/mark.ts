// Which mark the part files of a list bear, told before it is first opened.
import fs from 'node:fs';
import path from 'node:path';

/** With this mark in the names of a list's part files a test knows them before they are there. */
export const MARK = '0a1b2c3d';

/** Has the list in `data`, which is made, bear `MARK`. */
export function keepMark(data: string): void {
  fs.mkdirSync(data, { recursive: true });
  const { dev, ino } = fs.statSync(data);
  fs.writeFileSync(path.join(data, 'mark'), `${MARK} ${dev}:${ino}\n`);
}
