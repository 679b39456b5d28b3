// A task with everything that every one has.
import type { Task } from '../../shared/protocol.ts';

export const someTask: Task = {
  ...{ id: 1, epoch: 1, url: 'http://x/../b', mirrors: [], partPath: '/etc/a.sluice-part', notePath: null },
  ...{ targetPath: '/etc/a', naming: 'given', extents: [], validators: null, headers: {}, checksum: null, hash: true },
  ...{ connections: 1, limitBytesPerS: null },
};
