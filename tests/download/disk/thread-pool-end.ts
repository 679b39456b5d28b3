// What the threads of the tests do: as they are told.
import { serveThread } from '../../../main/download/disk/thread-pool.ts';

export type Deed =
  { do: 'double'; n: number } | { do: 'wait'; gate: SharedArrayBuffer } | { do: 'throw' } | { do: 'die' };

serveThread((deed: Deed) => {
  switch (deed.do) {
    case 'double':
      return deed.n * 2;
    case 'wait':
      Atomics.wait(new Int32Array(deed.gate), 0, 0);
      return 0;
    case 'throw':
      throw Object.assign(new Error('as told'), { code: 'ETOLD' });
    case 'die':
      return process.exit(3);
  }
});
