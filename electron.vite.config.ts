// Builds main and preload as CommonJS for Node 18 and the window for Chrome 114: both the current Electron and the fallback run that.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const root = import.meta.dirname;

/** Every file that stands directly in main/ is an entry; the preload is built by itself. */
const mainEntries = Object.fromEntries(
  readdirSync(join(root, 'main'))
    .filter((file) => file.endsWith('.ts') && file !== 'preload.ts')
    .map((file) => [file.slice(0, -'.ts'.length), join(root, 'main', file)]),
);

const commonJs = {
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: 'chunks/[name]-[hash].cjs',
} as const;

/**
 * Has Node load its own modules when something of them is first used: a third of what starting costs is loading code,
 * and a program that fetches one file over HTTP needs neither TLS nor threads. The parser of markup and its table of names
 * come so, too. Lines stay where they are, for the source maps.
 */
const lazyModules = {
  name: 'lazy-modules',
  renderChunk(code: string) {
    const names: string[] = [];
    const head =
      /^(?:let|const) (node_\w+|require_markup) = require\("(node:[\w/]+|\.\/markup-[^"]+)"\);\n(?:\1 = ([\w.]+)\(\1(, 1)?\);\n)?/gm;
    const lazy = code.replace(head, (_, name: string, id: string, toModule = '', asNode = '') => {
      names.push(name);
      const load = `${toModule}(require("${id}")${asNode})`;
      return `let ${name}_; const ${name}$ = () => (${name}_ ??= ${load});\n${toModule ? '\n' : ''}`;
    });
    if (names.length === 0) return null;
    const used = new RegExp(`(?<![\\w$]|[^.]\\.)(?:${names.join('|')})(?![\\w$])`, 'g');
    return { code: lazy.replace(used, '($&$$())'), map: null };
  },
};

export default defineConfig({
  main: {
    plugins: [lazyModules],
    build: {
      target: 'node18',
      sourcemap: true,
      // Only what has a native binding stays outside the bundle.
      externalizeDeps: { include: ['better-sqlite3'] },
      rolldownOptions: {
        input: mainEntries,
        output: {
          ...commonJs,
          codeSplitting: {
            groups: [{ name: 'markup', test: /node_modules[\\/](?:htmlparser2|entities|dom\w+)[\\/]/ }],
          },
        },
      },
    },
  },
  preload: {
    build: {
      target: 'node18',
      // A sandboxed preload can require nothing but electron: one file, everything inside.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: join(root, 'main/preload.ts') },
        output: { ...commonJs, codeSplitting: false },
      },
    },
  },
  renderer: {
    root: join(root, 'renderer'),
    plugins: [svelte({ configFile: false })],
    build: {
      target: 'chrome114',
      minify: true,
      outDir: join(root, 'out/renderer'),
      rolldownOptions: { input: { index: join(root, 'renderer/index.html') } },
    },
  },
});
