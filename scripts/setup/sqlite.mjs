// better-sqlite3 compiled for the stand-in Electron, whose Node-API is older than the package's own binaries ask for.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCompiler } from './debian.mjs';
import { cacheDir, modules } from './paths.mjs';
import { run, step } from './step.mjs';

const source = join(modules, 'better-sqlite3');
const compat = new URL('./napi8-compat.h', import.meta.url);

/** @returns {string} where the binding is, or will be: its name changes with whatever it is made from */
export function bindingPath() {
  const hash = createHash('sha256');
  for (const made of [compat, join(source, 'package.json'), join(modules, 'node-addon-api', 'package.json')]) {
    hash.update(readFileSync(made));
  }
  return join(cacheDir, `better-sqlite3-${hash.digest('hex').slice(0, 12)}`, 'better_sqlite3.node');
}

/** Compiles the binding when it is not there, in about half a minute. */
export async function ensureBinding() {
  const binding = bindingPath();
  if (existsSync(binding)) return binding;
  await ensureCompiler();
  await mkdir(cacheDir, { recursive: true });
  await step('Compiling SQLite for this Electron', () => compile(binding));
  return binding;
}

/** @param {string} binding */
async function compile(binding) {
  const work = await mkdtemp(join(cacheDir, 'compile-'));
  const built = join(work, 'done');
  try {
    await mkdir(built);
    const sqlite = join(source, 'deps', 'sqlite3');
    const common = ['-c', '-O2', '-fPIC', '-w', '-DNDEBUG'];
    await Promise.all([
      run('g++', [
        '-x',
        'c',
        ...common,
        '-std=gnu99',
        ...(await sqliteDefines()),
        join(sqlite, 'sqlite3.c'),
        '-o',
        join(work, 'sqlite3.o'),
      ]),
      run('g++', [
        ...common,
        '-std=c++20',
        '-fno-rtti',
        '-fno-exceptions',
        '-fvisibility=hidden',
        '-fvisibility-inlines-hidden',
        '-DNODE_GYP_MODULE_NAME=better_sqlite3',
        '-DNAPI_DISABLE_CPP_EXCEPTIONS',
        '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        ...['-include', fileURLToPath(compat)],
        ...['-I', join(modules, 'node-api-headers', 'include')],
        ...['-I', join(modules, 'node-addon-api')],
        ...['-I', sqlite],
        join(source, 'src', 'better_sqlite3.cpp'),
        ...['-o', join(work, 'addon.o')],
      ]),
    ]);
    const objects = [join(work, 'addon.o'), join(work, 'sqlite3.o')];
    await run('g++', [
      ...['-shared', '-s', '-static-libgcc', '-static-libstdc++', '-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL'],
      ...[...objects, '-ldl', '-lpthread', '-lm', '-o', join(built, 'better_sqlite3.node')],
    ]);
    await rename(built, join(binding, '..'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** SQLite's compile-time options, as the package itself sets them. */
async function sqliteDefines() {
  const listed = await readFile(join(source, 'deps', 'defines.gypi'), 'utf8');
  return [...listed.matchAll(/^\s+'(\w+(?:=[-\w]+)?)',$/gm)].map((match) => `-D${match[1]}`);
}
