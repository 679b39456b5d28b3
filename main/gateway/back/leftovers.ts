// Unfinished files of earlier times in the folder of a worker elsewhere: those that its coordinator needs no more go.
import fs from 'node:fs';
import path from 'node:path';
import { PART_SUFFIX, RIVAL_SUFFIX, ToWorker, type FromWorker } from '../../../shared/protocol.ts';
import { read } from '../../../shared/schema.ts';
import type { Port } from '../../transport/port.ts';
import { markOf } from './own-folder.ts';

/** No lease has it: what is let go of under it was held before this worker came. */
const NO_EPOCH = Number.MAX_SAFE_INTEGER;

/**
 * The same Port to a coordinator; behind its hello the worker lets go of each download of which an unfinished file stands in
 * `dir`, and what the coordinator then calls settled is removed. Only for one that is known for certain to be the same each
 * time: another one's list may have other downloads under the same numbers.
 */
export function withoutLeftovers(port: Port, dir: string, coordinator: string): Port {
  let left = new Map<number, string[]>();
  return {
    ...port,
    send(message) {
      const room = port.send(message);
      if ((message as FromWorker).kind !== 'hello') return room;
      left = leftIn(dir, markOf(coordinator));
      for (const id of left.keys()) {
        port.send({
          kind: 'result',
          id,
          epoch: NO_EPOCH,
          outcome: { kind: 'released', extents: [] },
        } satisfies FromWorker);
      }
      return room;
    },
    onMessage(listener) {
      port.onMessage((message) => {
        if (left.size > 0) look(message);
        listener(message);
      });
    },
  };

  function look(raw: unknown): void {
    const parsed = read(ToWorker, raw);
    if (!parsed.success) return;
    const message = parsed.output;
    // What it is given now is its own to remove, once it is done.
    if (message.kind === 'tasks' || message.kind === 'ahead') for (const { id } of message.tasks) left.delete(id);
    if (message.kind !== 'settled') return;
    for (const id of message.ids) {
      for (const name of left.get(id) ?? []) remove(path.join(dir, name));
      left.delete(id);
    }
  }
}

/** The unfinished files in a folder that bear this mark, by download. */
function leftIn(dir: string, mark: string): Map<number, string[]> {
  const left = new Map<number, string[]>();
  for (const entry of entriesOf(dir)) {
    const { name } = entry;
    const part = name.endsWith(PART_SUFFIX + RIVAL_SUFFIX) ? name.slice(0, -RIVAL_SUFFIX.length) : name;
    const [, id] = new RegExp(`\\.${mark}-([1-9]\\d{0,14})\\${PART_SUFFIX}$`).exec(part) ?? [];
    if (id === undefined || !entry.isFile()) continue;
    left.set(Number(id), [...(left.get(Number(id)) ?? []), name]);
  }
  return left;
}

function entriesOf(dir: string): fs.Dirent[] {
  try {
    return fs.readdirSync(dir, { withFileTypes: true });
  } catch {
    // Somebody took it away; it is made again for the next file.
    return [];
  }
}

function remove(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // Gone already, or not to be removed: then it is asked for once more the next time.
  }
}
