// System libraries, fonts and programs that Electron needs on Linux: found by their files, installed with apt where that is allowed.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, SetupError, step } from './step.mjs';

/** @typedef {{ debianName: string, present: () => boolean }} Need */

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const libraryDirs = [`/usr/lib/${triplet}`, `/lib/${triplet}`, '/usr/lib64', '/usr/lib', '/lib64', '/lib'];

/** @type {(debianName: string, file: string) => Need} */
const library = (debianName, file) => ({
  debianName,
  present: () => libraryDirs.some((dir) => existsSync(join(dir, file))),
});

/** @type {(debianName: string, path: string) => Need} */
const file = (debianName, path) => ({ debianName, present: () => existsSync(path) });

/** @type {(debianName: string, name: string) => Need} */
const program = (debianName, name) => ({ debianName, present: () => findProgram(name) !== undefined });

const electronNeeds = [
  library('libgtk-3-0', 'libgtk-3.so.0'),
  library('libnss3', 'libnss3.so'),
  library('libasound2', 'libasound.so.2'),
  library('libgbm1', 'libgbm.so.1'),
  library('libxss1', 'libXss.so.1'),
  library('libxtst6', 'libXtst.so.6'),
  library('libatk-bridge2.0-0', 'libatk-bridge-2.0.so.0'),
  library('libdrm2', 'libdrm.so.2'),
  library('libxkbcommon0', 'libxkbcommon.so.0'),
];

// A machine without a screen has no fonts either; the Chinese words need one that knows them.
const displayNeeds = [
  program('xvfb', 'Xvfb'),
  file('fonts-dejavu-core', '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'),
  file('fonts-wqy-microhei', '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc'),
];

/**
 * @param {string} name
 * @returns {string | undefined} the program's path
 */
export function findProgram(name) {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return dirs.map((dir) => join(dir, name)).find((path) => existsSync(path));
}

/** True where windows have nowhere to go: Linux with neither X nor Wayland. */
export function hasNoScreen() {
  return process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
}

/** Makes sure that Electron can start here. Throws a SetupError that says what to run where we may not install. */
export async function ensureElectronLibraries() {
  if (process.platform !== 'linux') return;
  await ensure('Electron', [...electronNeeds, ...(hasNoScreen() ? displayNeeds : [])]);
}

/** Makes sure that there is a C++ compiler. */
export async function ensureCompiler() {
  await ensure('compiling SQLite for Electron', [program('g++', 'g++')]);
}

/** Makes sure that there is what tests talk to: real Python programs, what makes system calls fail, a window to drag from and who drags. */
export async function ensureTestPartners() {
  await ensure('the tests', [
    program('python3', 'python3'),
    program('strace', 'strace'),
    program('xvfb', 'Xvfb'),
    program('xdotool', 'xdotool'),
    file('python3-gi', '/usr/lib/python3/dist-packages/gi/__init__.py'),
    library('gir1.2-gtk-3.0', 'girepository-1.0/Gtk-3.0.typelib'),
  ]);
}

/** Makes sure that there is an archiver for packages. */
export async function ensurePackers() {
  await ensure('packing', [program('p7zip-full', '7za')]);
}

/**
 * @param {string} purpose
 * @param {Need[]} needs
 */
async function ensure(purpose, needs) {
  const missing = needs.filter((need) => !need.present()).map((need) => need.debianName);
  if (missing.length === 0) return;
  const command = `apt-get install --yes --no-install-recommends ${missing.join(' ')}`;
  if (!findProgram('apt-get')) {
    throw new SetupError(
      `For ${purpose} this system lacks what Debian calls: ${missing.join(' ')}\n` +
        'Install these with your package manager, then run the same command again.',
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `For ${purpose} some system packages are missing. Please run:\n\n  sudo ${command}\n\nthen the same command again.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`Installing system packages for ${purpose}: ${missing.join(' ')}`, async () => {
    await run('apt-get', ['update', '--quiet'], { env });
    await run('apt-get', command.split(' ').slice(1), { env });
  });
  const still = needs.filter((need) => !need.present()).map((need) => need.debianName);
  if (still.length > 0) throw new SetupError(`Installed, but not found where they should be: ${still.join(' ')}`);
}
