// A worker's Port to a coordinator on another machine: whatever paths the coordinator names, files stay in one own folder.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { PART_SUFFIX, ToWorker, type Task } from '../../../shared/protocol.ts';
import { read } from '../../../shared/schema.ts';
import type { Port } from '../../transport/port.ts';

/** What remains of an unfinished file's name, in characters of up to four bytes: with the rest it fits any file system. */
const STEM_MAX = 48;

/**
 * The same Port; every path that comes in is replaced by one of that name in `dir`. An unfinished file may be written over,
 * read and removed, so that another name than one of those ends the pipe, as does a name that is none; and each carries a
 * mark of the coordinator, so that those of other lists in that folder are out of reach. `coordinator`: the same each time.
 */
export function inOwnFolder(port: Port, dir: string, coordinator: string): Port {
  const folder = path.resolve(dir);
  const mark = markOf(coordinator);
  return {
    send: (message) => port.send(message),
    onClose: (listener) => port.onClose(listener),
    drained: () => port.drained(),
    close: () => port.close(),
    onMessage(listener) {
      port.onMessage((message) => {
        const moved = moveInto(folder, mark, message);
        if (moved === null) port.close();
        else listener(moved);
      });
    },
  };
}

/** Of a coordinator, in the names of its unfinished files. */
export function markOf(coordinator: string): string {
  return createHash('sha256').update(coordinator).digest('hex').slice(0, 8);
}

const named: ReadonlySet<unknown> = new Set(['tasks', 'ahead', 'target']);

function moveInto(folder: string, mark: string, raw: unknown): unknown {
  // All others name no file.
  if (!named.has((raw as { kind?: unknown } | null)?.kind)) return raw;
  const parsed = read(ToWorker, raw);
  if (!parsed.success) return null;
  const message = parsed.output;
  if (message.kind === 'target') {
    const name = finishedName(message.path);
    return name === null ? null : { ...message, path: path.join(folder, name) };
  }
  if (message.kind !== 'tasks' && message.kind !== 'ahead') return null;
  for (const task of message.tasks) {
    const part = unfinishedName(task, mark);
    const target = finishedName(task.targetPath);
    if (part === null || target === null) return null;
    Object.assign(task, { partPath: path.join(folder, part), targetPath: path.join(folder, target), notePath: null });
  }
  return message;
}

/** A finished file is never taken for an unfinished one. */
function finishedName(named: string): string | null {
  const name = lastName(named);
  return name !== null && isUnfinished(name) ? `${name}_` : name;
}

function unfinishedName({ id, partPath }: Task, mark: string): string | null {
  const name = lastName(partPath);
  if (name === null || !isUnfinished(name)) return null;
  const stem = [...name.slice(0, -PART_SUFFIX.length)].slice(0, STEM_MAX).join('');
  return `${stem}.${mark}-${id}${PART_SUFFIX}`;
}

function isUnfinished(name: string): boolean {
  return name.toLowerCase().endsWith(PART_SUFFIX);
}

/** Null when it is no name, on any system. */
function lastName(named: string): string | null {
  const name = named.slice(Math.max(named.lastIndexOf('/'), named.lastIndexOf('\\')) + 1);
  // What follows a colon is a stream of the file before it on Windows, which leaves out dots and spaces at the end.
  return name === '' || /[\0:]|[. ]$/.test(name) ? null : name;
}
