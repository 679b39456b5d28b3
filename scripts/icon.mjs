// Renders the icon's drawing to the sizes that windows, trays and packages ask for.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

/**
 * Writes `16x16.png` to `1024x1024.png`.
 * @param {string} folder
 */
export async function renderIcons(folder) {
  const { Resvg } = await import('@resvg/resvg-js');
  const drawing = await readFile(join(root, 'build', 'icon.svg'), 'utf8');
  await mkdir(folder, { recursive: true });
  for (const size of sizes) {
    const picture = new Resvg(drawing, { fitTo: { mode: 'width', value: size } }).render().asPng();
    await writeFile(join(folder, `${size}x${size}.png`), picture);
  }
}
