// A worker's Port to a coordinator on another machine: whatever paths the coordinator names, files stay in one own folder.
import path from 'node:path';
import type { Port } from '../transport/port.ts';

/** The same Port; every path that comes in is replaced by one of that name in `dir`. A name that is none ends the pipe. */
export function inOwnFolder(port: Port, dir: string): Port {
  const folder = path.resolve(dir);
  return {
    send: (message) => port.send(message),
    onClose: (listener) => port.onClose(listener),
    drained: () => port.drained(),
    close: () => port.close(),
    onMessage(listener) {
      port.onMessage((message) => {
        const moved = moveInto(folder, message);
        if (moved === null) port.close();
        else listener(moved);
      });
    },
  };
}

const pathKeys: ReadonlySet<string> = new Set(['partPath', 'notePath', 'targetPath', 'path']);

function moveInto(folder: string, message: unknown): unknown {
  let foul = false;
  const moved: unknown = JSON.parse(JSON.stringify(message), (key, value: unknown) => {
    if (!pathKeys.has(key) || typeof value !== 'string') return value;
    const name = value.slice(Math.max(value.lastIndexOf('/'), value.lastIndexOf('\\')) + 1);
    if (name === '' || name === '.' || name === '..' || name.includes('\0')) foul = true;
    return path.join(folder, name);
  });
  return foul ? null : moved;
}
