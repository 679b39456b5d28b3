// Where Sluice keeps its list unless told otherwise.
import os from 'node:os';
import path from 'node:path';

/** `--data`, else SLUICE_DATA, else the system's place for a program's data. */
export function stateDir(chosen: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  if (chosen) return path.resolve(chosen);
  if (env['SLUICE_DATA']) return path.resolve(env['SLUICE_DATA']);
  const home = os.homedir();
  switch (process.platform) {
    case 'win32':
      return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Sluice');
    case 'darwin':
      return path.join(home, 'Library', 'Application Support', 'Sluice');
    default:
      return path.join(env['XDG_DATA_HOME'] || path.join(home, '.local', 'share'), 'sluice');
  }
}
