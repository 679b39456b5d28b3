// electron-builder calls this between packing and signing.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A packed program needs no loader for unpacked ones.
 * @param {{ appOutDir: string }} context
 */
export default async function afterPack({ appOutDir }) {
  await rm(join(appOutDir, 'resources', 'default_app.asar'), { force: true });
}
