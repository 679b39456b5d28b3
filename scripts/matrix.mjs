#!/usr/bin/env node
// `npm run matrix`: what Sluice and the download tools that are installed make of a server that misbehaves, case by case.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { root, toolNode } from './setup/paths.mjs';

const help = `npm run matrix -- [options]

  --tools NAMES  only these of the others, with commas; none: only Sluice
  --only TEXT    only the cases with this in their names
  --json         the outcomes as JSON
  --readme       put the table into README.md
`;
const [FROM, TO] = ['<!-- matrix -->', '<!-- /matrix -->'];
/** So many programs run side by side: most of the time each waits. */
const RUNS_AT_ONCE = 16;
const words = { right: 'right', failed: 'fails', wrong: '**wrong file**', hang: '**hangs**' };

async function main() {
  const { values } = parseArgs({
    options: {
      tools: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean' },
      readme: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return process.stdout.write(help);
  const { startOrigin } = await import('../tests/support/origin.ts');
  const { cases } = await import('./matrix/cases.mjs');
  const { runCase } = await import('./matrix/run.mjs');
  const { findTools, sluice } = await import('./matrix/tools.mjs');
  const { found, missing } = findTools();
  const wanted = values.tools?.split(',');
  const tools = [sluice, ...found.filter(({ name }) => !wanted || wanted.includes(name))];
  if (missing.length > 0 && !wanted) process.stderr.write(`Not installed, so left out: ${missing.join(', ')}\n`);
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-matrix-'));
  const origin = await startOrigin();
  /** @type {{ name: string, outcomes: Record<string, import('./matrix/run.mjs').Outcome> }[]} */
  const rows = [];
  try {
    const left = cases
      .filter(({ name }) => name.includes(values.only ?? ''))
      .map((which, number) => ({ which, number }));
    const total = left.length;
    const next = async () => {
      for (let one = left.shift(); one; one = left.shift()) {
        const { which, number } = one;
        const outcomes = await Promise.all(
          tools.map(async (tool) => {
            const dir = join(scratch, `${tool.name}-${number}`);
            return [tool.name, await runCase(tool, which, origin, dir, `/${tool.name}/${number}`)];
          }),
        );
        rows[number] = { name: which.name, outcomes: Object.fromEntries(outcomes) };
        const told = outcomes.map(([name, outcome]) => `${name} ${outcome}`).join(', ');
        if (!values.json) process.stdout.write(`${which.name}: ${told}\n`);
      }
    };
    await Promise.all(Array.from({ length: Math.min(total, Math.ceil(RUNS_AT_ONCE / tools.length)) }, next));
  } finally {
    await origin.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  const table = markdown(
    tools.map(({ name }) => name),
    rows,
  );
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`\n${table}`);
  if (values.readme) intoReadme(table);
  const bad = rows.some(({ outcomes }) => outcomes['Sluice'] === 'wrong' || outcomes['Sluice'] === 'hang');
  process.exitCode = bad ? 1 : 0;
}

/** @param {string[]} tools @param {{ name: string, outcomes: Record<string, keyof typeof words> }[]} rows */
function markdown(tools, rows) {
  const lines = [
    ['case', ...tools],
    ['---', ...tools.map(() => '---')],
    ...rows.map(({ name, outcomes }) => [name, ...tools.map((tool) => words[outcomes[tool] ?? 'hang'])]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** @param {string} table */
function intoReadme(table) {
  const file = join(root, 'README.md');
  const text = readFileSync(file, 'utf8');
  const [start, end] = [text.indexOf(FROM), text.indexOf(TO)];
  if (start < 0 || end < start) throw new Error(`README.md has no ${FROM} ... ${TO} to put the table between.`);
  writeFileSync(file, `${text.slice(0, start + FROM.length)}\n\n${table}\n${text.slice(end)}`);
  spawnSync(toolNode(), [join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'), '--write', file]);
}

if (Number(process.versions.node.split('.')[0]) < 24) {
  // The server is TypeScript, which only a current Node runs as it is.
  const { status } = spawnSync(toolNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  await main();
}
