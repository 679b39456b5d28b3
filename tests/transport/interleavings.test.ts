// Pipes, whatever happens in which order: messages come in their order and none twice, each end is told once.
import net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryPorts } from '../../main/transport/memory.ts';
import type { CloseReason, Port } from '../../main/transport/port.ts';
import { tcpPort } from '../../main/transport/tcp.ts';

type Pair = { near: Port; far: Port; kill: (() => void) | null; dispose: () => void };

async function sockets(): Promise<Pair> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const far = await accepted;
  const dispose = () => {
    for (const socket of [near, far]) socket.destroy();
    server.close();
  };
  return { near: tcpPort(near), far: tcpPort(far), kill: () => far.resetAndDestroy(), dispose };
}

async function inMemory(): Promise<Pair> {
  const [near, far] = memoryPorts();
  return { near, far, kill: null, dispose: () => {} };
}

const side = fc.constantFrom<'near' | 'far'>('near', 'far');
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('send' as const), who: side, bytes: fc.nat(40_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('listen' as const), who: side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), who: side }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), who: side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
);

class End {
  readonly port: Port;
  readonly sent: number[] = [];
  readonly heard: number[] = [];
  readonly ends: CloseReason['kind'][] = [];
  readonly over: Promise<void>;

  constructor(port: Port) {
    this.port = port;
    this.over = new Promise((resolve) => {
      port.onClose(({ kind }) => {
        this.ends.push(kind);
        resolve();
      });
    });
  }

  listen(): void {
    this.port.onMessage((message) => this.heard.push((message as { n: number }).n));
  }
}

test.each([
  ['in memory', inMemory, 300],
  ['over TCP', sockets, 150],
] as const)('%s', { timeout: 120_000 }, async (_, open, numRuns) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { near, far, kill, dispose } = await open();
      const ends = { near: new End(near), far: new End(far) };
      const waits: Promise<void>[] = [];
      let closedBy: 'near' | 'far' | null = null;
      let sentByThen = 0;
      let broken = false;
      const close = (who: 'near' | 'far') => {
        if (closedBy === null) [closedBy, sentByThen] = [who, ends[who].sent.length];
        else if (closedBy !== who) broken = true;
        ends[who].port.close();
      };
      let n = 0;
      for (const one of steps) {
        if (one.do === 'wait') for (let turn = 0; turn < one.turns; turn++) await new Promise(setImmediate);
        else if (one.do === 'kill') {
          broken ||= kill !== null;
          kill?.();
        } else if (one.do === 'close') close(one.who);
        else if (one.do === 'listen') ends[one.who].listen();
        else if (one.do === 'drain') waits.push(ends[one.who].port.drained());
        else {
          ends[one.who].sent.push(++n);
          ends[one.who].port.send({ n, fat: 'x'.repeat(one.bytes) });
        }
      }
      for (const end of Object.values(ends)) end.listen();
      if (!broken && closedBy === null) close('near');
      await Promise.all([ends.near.over, ends.far.over, ...waits]);

      for (const [mine, other] of [
        [ends.near, ends.far],
        [ends.far, ends.near],
      ] as const) {
        expect(mine.heard).toEqual(other.sent.slice(0, mine.heard.length));
        expect(mine.ends).toHaveLength(1);
      }
      if (!broken && closedBy !== null) {
        const [closer, other] = closedBy === 'near' ? [ends.near, ends.far] : [ends.far, ends.near];
        expect([closer.ends, other.ends]).toEqual([['closed'], ['eof']]);
        expect(other.heard).toEqual(closer.sent.slice(0, sentByThen));
      }
      dispose();
    }),
    { numRuns },
  );
});
