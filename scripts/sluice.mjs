#!/usr/bin/env node
// `npm run -s sluice -- ...`: the command line, built first when it is stale. Nothing but its own output reaches stdout.
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { runMain } from './setup/main.mjs';
import { packagesAreCurrent } from './setup/packages.mjs';
import { passOn } from './setup/pass-on.mjs';
import { cacheDir, isCurrentNode, root, toolNode } from './setup/paths.mjs';

const cli = join(root, 'out', 'main', 'cli.cjs');

await runMain(async () => {
  if (!packagesAreCurrent()) await setup({ window: false });
  await build();
  if (!isCurrentNode(process.version)) return passOn(toolNode(), [cli, ...process.argv.slice(2)], process.env);
  // Compiled code is kept, for this process and for the workers it starts: half of a short run is compiling.
  process.env.NODE_COMPILE_CACHE ??= join(cacheDir, 'compiled');
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  // This Node is new enough: stay in it, a second start would only cost time.
  process.argv[1] = cli;
  await import(pathToFileURL(cli).href);
});
