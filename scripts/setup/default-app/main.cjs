// Lets a bare Electron be started as `electron [switches] [-r FILE] APP [arguments]`, as the usual distribution does.
'use strict';
const { app } = require('electron');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

/** Splits the command line: modules to load first, the app's path, or the wish to know the version. */
function parse(argv) {
  const before = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === '-r' || word === '--require') before.push(argv[++i]);
    else if (word === '--version' || word === '-v') return { before, version: true };
    else if (!word.startsWith('-')) return { before, file: path.resolve(word) };
  }
  return { before };
}

/** Gives the app its own name, version and folders, then runs it. */
function load(file) {
  const manifest = path.join(file, 'package.json');
  const described = fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, 'utf8')) : {};
  if (described.version) app.setVersion(described.version);
  const name = described.productName || described.name;
  if (name) {
    app.setName(name);
    const given = app.commandLine.getSwitchValue('user-data-dir');
    app.setPath('userData', given ? path.resolve(given) : path.join(app.getPath('appData'), name));
    app.setPath('logs', path.join(app.getPath('userData'), 'logs'));
  }
  app.setAppPath(fs.statSync(file).isDirectory() ? file : path.dirname(file));
  Module._load(Module._resolveFilename(file, null, true), null, true);
}

const asked = parse(process.argv.slice(1));
process.defaultApp = true;
if (asked.version) {
  process.stdout.write(`v${process.versions.electron}\n`);
  process.exit(0);
}
for (const file of asked.before) Module._load(file, null, true);
if (asked.file) {
  try {
    load(asked.file);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  }
} else {
  process.stderr.write('Usage: electron [switches] APP [arguments]\n');
  process.exit(2);
}
