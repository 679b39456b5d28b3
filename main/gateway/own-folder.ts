// A worker's Port to a coordinator on another machine: whatever paths the coordinator names, files stay in one own folder.
import path from 'node:path';
import { PART_SUFFIX, ToWorker } from '../../shared/protocol.ts';
import type { Port } from '../transport/port.ts';

/**
 * The same Port; every path that comes in is replaced by one of that name in `dir`. An unfinished file may be written over,
 * read and removed, so that another name than one of those ends the pipe, as does a name that is none.
 */
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

const named: ReadonlySet<unknown> = new Set(['tasks', 'ahead', 'target']);

function moveInto(folder: string, raw: unknown): unknown {
  // All others name no file.
  if (!named.has((raw as { kind?: unknown } | null)?.kind)) return raw;
  const parsed = ToWorker.safeParse(raw);
  if (!parsed.success) return null;
  const message = parsed.data;
  if (message.kind === 'target') {
    const moved = movedInto(folder, message.path, false);
    return moved === null ? null : { ...message, path: moved };
  }
  if (message.kind !== 'tasks' && message.kind !== 'ahead') return null;
  for (const task of message.tasks) {
    const partPath = movedInto(folder, task.partPath, true);
    const targetPath = movedInto(folder, task.targetPath, false);
    if (partPath === null || targetPath === null) return null;
    Object.assign(task, { partPath, targetPath, notePath: null });
  }
  return message;
}

/** Null when the name is none, on any system, or not that of an unfinished file where it must be. */
function movedInto(folder: string, named: string, unfinished: boolean): string | null {
  const name = named.slice(Math.max(named.lastIndexOf('/'), named.lastIndexOf('\\')) + 1);
  // What follows a colon is a stream of the file before it on Windows, which leaves out dots and spaces at the end.
  if (name === '' || /[\0:]|[. ]$/.test(name)) return null;
  const asUnfinished = name.toLowerCase().endsWith(PART_SUFFIX);
  if (unfinished) return asUnfinished ? path.join(folder, name) : null;
  // A finished file is never taken for an unfinished one.
  return path.join(folder, asUnfinished ? `${name}_` : name);
}
