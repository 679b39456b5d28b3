// What every task queue promises to those who put, lease, renew, settle and watch.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DownloadId } from '../../../shared/download.ts';
import type { Outcome, Task, ToWorker } from '../../../shared/protocol.ts';
import type { Holder } from '../../../main/engine/dispatch/lease.ts';
import type { Signal } from '../../../main/engine/signal.ts';
import type { Prepared } from '../../../main/engine/store/store.ts';
import type { TaskQueue } from '../../../main/engine/dispatch/task-queue.ts';

export type OpenQueue = { queue: TaskQueue; close: () => void };

let lastNumber = 0;

/** A task that is like no other. */
export function newTask(): Prepared {
  const name = `task-${++lastNumber}`;
  const host = `${name}.test`;
  const url = `http://${host}/${name}`;
  const prepared = { download: { url }, urlKey: url, host, dir: '/d', name } as const;
  return { ...prepared, status: 'queued', producer: 'test' };
}

/** A holder that keeps what it is sent. */
export class Keeper implements Holder {
  readonly id = ++lastNumber;
  readonly name = `keeper ${this.id}`;
  readonly shared = false;
  readonly place = this.name;
  readonly tasks: Task[] = [];
  onTask: (task: Task) => void = () => {};
  readonly #life = new AbortController();
  get gone(): AbortSignal {
    return this.#life.signal;
  }
  send(message: ToWorker): void {
    if (message.kind !== 'tasks') return;
    this.tasks.push(...message.tasks);
    message.tasks.forEach((task) => this.onTask(task));
  }
  die(): void {
    this.#life.abort('it was killed');
  }
}

export function resultOf({ id, epoch }: { id: DownloadId; epoch: number }) {
  const outcome: Outcome = { kind: 'done', path: `/d/${id}`, sizeBytes: 1, sha256: null, verified: false };
  return { kind: 'result', id, epoch, outcome } as const;
}

export function taskQueueContract(name: string, open: () => OpenQueue): void {
  describe(`the task queue on ${name}`, () => {
    let queue: TaskQueue;
    let close: () => void;
    beforeEach(() => {
      ({ queue, close } = open());
    });
    afterEach(() => close());

    test('gives out what was put, in order, to one holder each', async () => {
      const ids = await queue.put([newTask(), newTask(), newTask()]);
      const [one, other] = [new Keeper(), new Keeper()];
      expect(await queue.lease(one, 1)).toBe('leased');
      expect(await queue.lease(other, 2)).toBe('leased');
      expect([...one.tasks, ...other.tasks].map(({ id }) => id)).toEqual(ids);
    });

    test('who asks for several has its answer when it has them all', async () => {
      const keeper = new Keeper();
      let answered = false;
      const lease = queue.lease(keeper, 2).then(() => (answered = true));
      await queue.put([newTask()]);
      while (keeper.tasks.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(answered).toBe(false);
      await queue.put([newTask()]);
      await lease;
      expect(keeper.tasks).toHaveLength(2);
    });

    test('an empty queue says so: at once, after the time, or when the signal fires', async () => {
      const keeper = new Keeper();
      const stop = new AbortController();
      const waits = [
        queue.lease(keeper, 1, { timeoutMs: 0 }),
        queue.lease(keeper, 1, { timeoutMs: 5 }),
        queue.lease(keeper, 1, { signal: stop.signal }),
      ];
      stop.abort();
      expect(await Promise.all(waits)).toEqual(['empty', 'empty', 'empty']);
      const other = new Keeper();
      await queue.put([newTask()]);
      expect(await queue.lease(other, 1)).toBe('leased');
      expect(keeper.tasks).toEqual([]);
    });

    test('a result counts once', async () => {
      await queue.put([newTask()]);
      const keeper = new Keeper();
      await queue.lease(keeper, 1);
      const result = resultOf(keeper.tasks[0]!);
      const twice = [queue.settle(keeper, result), queue.settle(keeper, result)];
      expect(await Promise.all(twice)).toEqual([true, false]);
      expect(await queue.settle(keeper, result)).toBe(false);
      expect(await queue.lease(keeper, 1, { timeoutMs: 0 })).toBe('empty');
    });

    test('nobody settles what another has', async () => {
      await queue.put([newTask()]);
      const keeper = new Keeper();
      await queue.lease(keeper, 1);
      const [task] = keeper.tasks as [Task];
      expect(await queue.settle(new Keeper(), resultOf(task))).toBe(false);
      expect(await queue.settle(keeper, resultOf({ ...task, epoch: task.epoch + 1 }))).toBe(false);
      expect(await queue.settle(keeper, resultOf(task))).toBe(true);
    });

    test('what the dead had goes to another under a new epoch, and their late results are refused', async () => {
      await queue.put([newTask()]);
      const [dead, next] = [new Keeper(), new Keeper()];
      await queue.lease(dead, 1);
      const [late] = dead.tasks as [Task];
      dead.die();
      expect(await queue.lease(dead, 1)).toBe('closed');
      expect(await queue.lease(next, 1)).toBe('leased');
      const [task] = next.tasks as [Task];
      expect(task.id).toBe(late.id);
      expect(task.epoch).toBeGreaterThan(late.epoch);
      expect(await queue.settle(dead, resultOf(late))).toBe(false);
      expect(await queue.settle(next, resultOf(late))).toBe(false);
      expect(await queue.settle(next, resultOf(task))).toBe(true);
    });

    test('the last word of one that dies right after it counts', async () => {
      await queue.put([newTask()]);
      const keeper = new Keeper();
      await queue.lease(keeper, 1);
      const settled = queue.settle(keeper, resultOf(keeper.tasks[0]!));
      keeper.die();
      expect(await settled).toBe(true);
      expect(await queue.lease(new Keeper(), 1, { timeoutMs: 0 })).toBe('empty');
    });

    test('what was released can be leased again, with what is there of it', async () => {
      await queue.put([newTask()]);
      const keeper = new Keeper();
      await queue.lease(keeper, 1);
      const [{ id, epoch }] = keeper.tasks as [Task];
      queue.renew(keeper, { kind: 'saved', id, epoch, extents: [[0, 5]] });
      const outcome: Outcome = { kind: 'released', extents: [[0, 7]] };
      expect(await queue.settle(keeper, { kind: 'result', id, epoch, outcome })).toBe(true);
      await queue.lease(keeper, 1);
      expect(keeper.tasks[1]).toMatchObject({ id, extents: [[0, 7]] });
    });

    test('watchers hear of each step once, until they leave', async () => {
      const heard: Signal['event'][] = [];
      const leave = queue.watch(({ event }) => heard.push(event));
      await queue.put([newTask()]);
      const keeper = new Keeper();
      await queue.lease(keeper, 1);
      await queue.settle(keeper, resultOf(keeper.tasks[0]!));
      expect(heard).toEqual(['added', 'started', 'done']);
      leave();
      await queue.put([newTask()]);
      expect(heard).toHaveLength(3);
    });

    test('a closed queue takes nothing, gives nothing, and lets go of who waits', async () => {
      const keeper = new Keeper();
      const waiting = queue.lease(keeper, 1);
      close();
      expect(await waiting).toBe('closed');
      expect(await queue.lease(keeper, 1)).toBe('closed');
      await expect(queue.put([newTask()])).rejects.toThrow();
    });

    test('whatever the order of putting, leasing, timing out, settling and dying: nothing is lost, nothing done twice', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => play(queue, steps)),
        { numRuns: 150 },
      );
    });
  });
}

type Step = {
  do: 'put' | 'lease' | 'try' | 'give up' | 'settle' | 'settle late' | 'release' | 'die' | 'turn';
  who: number;
};
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'put',
    'put',
    'lease',
    'try',
    'give up',
    'settle',
    'settle late',
    'release',
    'die',
    'turn',
    'turn',
  ),
  who: fc.nat(3),
});

/** Plays the steps, lets one last holder finish what is left, and checks that each task was done once. */
async function play(queue: TaskQueue, steps: readonly Step[]): Promise<void> {
  const put: DownloadId[] = [];
  const done: DownloadId[] = [];
  const counted: DownloadId[] = [];
  /** Who has what now, as the queue has told it. */
  const held = new Map<DownloadId, Keeper>();
  const late: { keeper: Keeper; task: Task }[] = [];
  const open: Promise<unknown>[] = [];
  const leave = queue.watch((signal) => void (signal.event === 'done' && done.push(signal.id)));
  const newKeeper = (): Keeper => {
    const keeper = new Keeper();
    keeper.onTask = (task) => {
      expect(keeper.gone.aborted).toBe(false);
      expect(held.has(task.id)).toBe(false);
      held.set(task.id, keeper);
    };
    return keeper;
  };
  const drop = (keeper: Keeper, task: Task) => {
    held.delete(task.id);
    late.push({ keeper, task });
  };
  const keepers = Array.from({ length: 4 }, newKeeper);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  for (const { do: what, who } of steps) {
    const keeper = keepers[who]!;
    const task = keeper.tasks.find(({ id }) => held.get(id) === keeper);
    if (what === 'put') open.push(queue.put([newTask(), newTask()]).then((ids) => put.push(...ids)));
    if (what === 'lease') open.push(queue.lease(keeper, 1 + (who % 2)));
    if (what === 'try') open.push(queue.lease(keeper, 1, { timeoutMs: 0 }));
    if (what === 'give up') {
      const stop = new AbortController();
      open.push(queue.lease(keeper, 1, { signal: stop.signal }));
      setImmediate(() => stop.abort());
    }
    if (what === 'turn') await turn();
    if (what === 'settle' && task) {
      drop(keeper, task);
      open.push(queue.settle(keeper, resultOf(task)).then((did) => did && counted.push(task.id)));
    }
    if (what === 'release' && task) {
      drop(keeper, task);
      const outcome: Outcome = { kind: 'released', extents: [] };
      open.push(queue.settle(keeper, { kind: 'result', id: task.id, epoch: task.epoch, outcome }));
    }
    if (what === 'settle late') {
      const old = late[who];
      if (old) open.push(queue.settle(old.keeper, resultOf(old.task)).then((did) => expect(did).toBe(false)));
    }
    if (what === 'die') {
      for (const own of keeper.tasks) if (held.get(own.id) === keeper) drop(keeper, own);
      keeper.die();
      keepers[who] = newKeeper();
    }
  }
  for (const keeper of keepers) {
    for (const own of keeper.tasks) if (held.get(own.id) === keeper) drop(keeper, own);
    keeper.die();
  }
  await Promise.all(open);
  const last = newKeeper();
  while ((await queue.lease(last, 1, { timeoutMs: 0 })) === 'leased') {
    const task = last.tasks.at(-1)!;
    drop(last, task);
    expect(await queue.settle(last, resultOf(task))).toBe(true);
    counted.push(task.id);
  }
  leave();
  const inOrder = (ids: DownloadId[]) => [...ids].sort((a, b) => a - b);
  expect(inOrder(done)).toEqual(inOrder(put));
  expect(inOrder(counted)).toEqual(inOrder(put));
}
