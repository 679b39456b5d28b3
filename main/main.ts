// Entry: Electron. Builds the engine, hands it to the shell.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from 'electron';
import { BackgroundHash, HashThreads } from './download/disk/hashing.ts';
import { receiver } from './download/received.ts';
import { ownWords, parseArguments } from './shell/arguments.ts';
import { declareAppProtocol } from './shell/app-protocol.ts';
import { OpenedBySystem } from './shell/opened.ts';
import { startShell } from './shell/shell.ts';
import { stateDir } from './engine/state-dir.ts';
import { version } from './engine/version.ts';

const words = ownWords(process.argv, process.defaultApp === true);
const folder = path.dirname(fileURLToPath(import.meta.url));
const args = parseArguments(words, process.cwd());

if (args.version) {
  console.log(version);
  app.exit(0);
} else {
  const dataDir = stateDir(args.data);
  // Two windows with different lists never meet, not even in Chromium's own files.
  app.setPath('userData', path.join(dataDir, 'electron'));
  declareAppProtocol();
  const openedBySystem = new OpenedBySystem(app);
  const incoming = new HashThreads(path.join(folder, 'hash-thread.cjs'));
  void app.whenReady().then(() =>
    startShell({
      args,
      openedBySystem,
      dataDir,
      folder,
      hasher: new BackgroundHash(path.join(folder, 'hash-thread.cjs')),
      version,
      nativeBinding: nativeBinding(),
      openIncoming: receiver(incoming.hashFile),
      receiving: incoming.state,
    }),
  );
}

/** better-sqlite3's compiled part, where the package's own does not fit the runtime or lies elsewhere. */
function nativeBinding(): string | undefined {
  const given = process.env['SLUICE_SQLITE_BINDING'];
  if (given) return given;
  const packaged = path.join(process.resourcesPath, 'better_sqlite3.node');
  return app.isPackaged && fs.existsSync(packaged) ? packaged : undefined;
}
