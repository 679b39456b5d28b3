// Where everything of the Traffic picture stands: boxes, queues and the pipes between them, in px.

export type Box = { x: number; y: number; width: number; height: number };
export type Ends = [x1: number, y1: number, x2: number, y2: number];
export type Pipe = { name: string; path: string; ends: Ends; back: boolean };
/** What messages can be asked of: `carries` says whether one on that pipe is among them. */
export type Place = {
  kind: 'producer' | 'task queue' | 'worker' | 'pipe' | 'result queue' | 'store';
  /** Of the producer, the number of the worker, or of the pipe; else empty. */
  name: string;
  box: Box;
  carries: (pipe: string) => boolean;
};
export type Layout = {
  width: number;
  height: number;
  producers: Box[];
  taskQueue: Box;
  workers: Box[];
  resultQueue: Box;
  store: Box;
  pipes: Pipe[];
};

/** Below it the words of a lane would run into each other; a window of 1280 px has it, beside a scrollbar, too. */
const LEAST_WIDTH = 1024;
const TOP = 28;
const BOTTOM = 22;
const QUEUE_WIDTH = 84;
const PRODUCER = { width: 120, height: 52 };
const STORE = { width: 84, height: 52 };
/** There is room for so many without a picture that has to be scrolled. */
const PRODUCERS_DRAWN = 6;
const LANE = { highest: 82, lowest: 34, gap: 10 };

/** Lays the picture out in `width` x `height`; it grows in height when the lanes would become too thin to read. */
export function layOut(
  width: number,
  height: number,
  producers: readonly string[],
  workers: readonly number[],
): Layout {
  const wide = Math.max(width, LEAST_WIDTH);
  const lanes = Math.max(1, workers.length);
  const places = Math.max(1, producers.length);
  const least = TOP + BOTTOM + Math.max(lanes * (LANE.lowest + LANE.gap), places * (PRODUCER.height + LANE.gap), 180);
  const high = Math.max(height, least);
  const inner = high - TOP - BOTTOM;

  const left = PRODUCER.width + wide * 0.085;
  const gap = wide * 0.115;
  const storeX = wide - STORE.width - 1;
  const resultX = storeX - wide * 0.05 - QUEUE_WIDTH;
  const laneX = left + QUEUE_WIDTH + gap;
  const laneWidth = resultX - gap - laneX;
  const laneStep = inner / lanes;
  const laneHeight = Math.min(LANE.highest, laneStep - LANE.gap);
  const middle = TOP + inner / 2;

  const taskQueue = { x: left, y: TOP, width: QUEUE_WIDTH, height: inner };
  const resultQueue = { x: resultX, y: TOP, width: QUEUE_WIDTH, height: inner };
  const store = { x: storeX, y: middle - STORE.height / 2, ...STORE };
  const producerBoxes = producers.map((_, i) => ({
    x: 1,
    y: TOP + (inner / places) * (i + 0.5) - PRODUCER.height / 2,
    ...PRODUCER,
  }));
  const workerBoxes = workers.map((_, i) => ({
    x: laneX,
    y: TOP + laneStep * (i + 0.5) - laneHeight / 2,
    width: laneWidth,
    height: laneHeight,
  }));

  const pipes: Pipe[] = [
    ...producers.map((name, i) => ({
      name: `${name} > task queue`,
      ...curve(PRODUCER.width + 6, centre(producerBoxes[i]!), left - 8, middle),
      back: false,
    })),
    ...workers.flatMap((id, i) => {
      const y = centre(workerBoxes[i]!);
      return [
        { name: `engine > worker ${id}`, ...curve(left + QUEUE_WIDTH + 8, middle, laneX - 6, y), back: false },
        { name: `worker ${id} > engine`, ...curve(laneX + laneWidth + 6, y, resultX - 8, middle), back: true },
      ];
    }),
    { name: 'result queue > store', ...curve(resultX + QUEUE_WIDTH + 8, middle, storeX - 6, middle), back: true },
  ];
  return {
    width: wide,
    height: high,
    producers: producerBoxes,
    taskQueue,
    workers: workerBoxes,
    resultQueue,
    store,
    pipes,
  };
}

function centre(box: Box): number {
  return box.y + box.height / 2;
}

function curve(...ends: Ends): Pick<Pipe, 'path' | 'ends'> {
  const [x1, y1, x2, y2] = ends.map((value) => value.toFixed(1));
  const [bend1, bend2] = bendsOf(ends).map((value) => value.toFixed(1));
  return { path: `M${x1} ${y1}C${bend1} ${y1} ${bend2} ${y2} ${x2} ${y2}`, ends };
}

/** Where the handles of a pipe's curve stand, each as high as its end. */
function bendsOf([x1, , x2]: Ends): [number, number] {
  const bend = (x2 - x1) * 0.55;
  return [x1 + bend, x2 - bend];
}

/** A place on a pipe; `t` goes from 0 at its start to 1 at its end. */
export function placeOn(ends: Ends, t: number): { x: number; y: number } {
  const [x1, y1, x2, y2] = ends;
  const [bend1, bend2] = bendsOf(ends);
  const at = (start: number, near: number, far: number, end: number) =>
    (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * near + 3 * (1 - t) * t ** 2 * far + t ** 3 * end;
  return { x: at(x1, bend1, bend2, x2), y: at(y1, y1, y2, y2) };
}

/** The producers that are drawn, those that came last, and how many are not. */
export function drawnOf<T>(producers: readonly T[]): { drawn: T[]; more: number } {
  const drawn = producers.slice(-PRODUCERS_DRAWN);
  return { drawn, more: producers.length - drawn.length };
}

/** The places of a picture, from left to right. */
export function placesOf(layout: Layout, producers: readonly string[], workers: readonly number[]): Place[] {
  const pipeAt = (name: string, box: Box): Place => ({ kind: 'pipe', name, box, carries: (pipe) => pipe === name });
  return [
    ...producers.map((name, i): Place => {
      const own = `${name} > task queue`;
      return { kind: 'producer', name, box: layout.producers[i]!, carries: (pipe) => pipe === own };
    }),
    {
      ...{ kind: 'task queue', name: '', box: layout.taskQueue },
      carries: (pipe) => pipe.endsWith(' > task queue') || pipe.startsWith('engine > '),
    },
    ...workers.flatMap((id, i): Place[] => {
      const box = layout.workers[i]!;
      const [to, from] = [`engine > worker ${id}`, `worker ${id} > engine`];
      // As high as the closest lanes lie apart: with the rate, above the pipe or below it.
      const height = LANE.lowest + LANE.gap;
      const end = { y: centre(box) - height / 2, width: 56, height };
      return [
        pipeAt(to, { ...end, x: box.x - 4 - end.width }),
        { kind: 'worker', name: String(id), box, carries: (pipe) => pipe === to || pipe === from },
        pipeAt(from, { ...end, x: box.x + box.width + 4 }),
      ];
    }),
    {
      ...{ kind: 'result queue', name: '', box: layout.resultQueue },
      carries: (pipe) => pipe.endsWith(' > engine') || pipe.startsWith('result queue > '),
    },
    { kind: 'store', name: '', box: layout.store, carries: (pipe) => pipe === 'result queue > store' },
  ];
}

/** How full a queue is drawn, 0 to 1: against its capacity, or against the deepest it has been. */
export function fullness(depth: number, capacity: number | null, deepest: number): number {
  const whole = capacity ?? Math.max(deepest, 8);
  return whole <= 0 ? 0 : Math.min(1, depth / whole) * (capacity === null ? 0.84 : 1);
}
