// The methods of queue.Queue, as Python programs call them, on the engine's two queues.
import type { PyData } from './pickle-stack.ts';
import { PyException, type PyValue } from './pickle.ts';
import type {
  LeaseOutcome,
  PutOutcome,
  PythonClient,
  PythonQueues,
  PythonResult,
  SettleOutcome,
  Soon,
  TakeOutcome,
  Wait,
} from './queues.ts';

/** In the order in which Python tells them. */
export const queueMethods = [
  'empty',
  'full',
  'get',
  'get_nowait',
  'join',
  'put',
  'put_nowait',
  'qsize',
  'task_done',
] as const;
type QueueMethod = (typeof queueMethods)[number];
export type QueueName = 'tasks' | 'results';

/** One call: who makes it, and the arguments it came with. */
export interface QueueCall {
  client: PythonClient;
  signal: AbortSignal;
  args: PyData[];
  kwds: Map<PyData, PyData>;
}

const empty = new PyException('queue', 'Empty');
const full = new PyException('queue', 'Full');
const typeError = (why: string): PyException => new PyException('builtins', 'TypeError', why);
const valueError = (why: string): PyException => new PyException('builtins', 'ValueError', why);

const MAX_TIMER_MS = 0x7fffffff;

/** Between a URL and what became of it, in a result that is a text. */
const ARROW = '--->';

export interface QueueCallsOptions {
  queues: PythonQueues;
  /** Results that `get` gives out: `URL--->success`, or a dict. */
  results: 'text' | 'dict';
}

/** Both queues' methods. A `PyException` that comes back is to be raised in the caller. */
export class QueueCalls {
  readonly #queues: PythonQueues;
  readonly #asDict: boolean;
  /** Got and not yet marked done, for `task_done`'s own check. */
  readonly #undone = { tasks: 0, results: 0 };

  constructor({ queues, results }: QueueCallsOptions) {
    this.#queues = queues;
    this.#asDict = results === 'dict';
  }

  call(queue: QueueName, method: QueueMethod, call: QueueCall): Soon<PyValue> {
    switch (method) {
      case 'put':
        return this.#put(queue, call, bind(call, ['item', 'block', 'timeout'], 1));
      case 'put_nowait':
        return this.#put(queue, call, noWait(bind(call, ['item'], 1)));
      case 'get':
        return this.#get(queue, call, bind(call, ['block', 'timeout'], 0));
      case 'get_nowait':
        return this.#get(queue, call, noWait(bind(call, [], 0)));
      case 'qsize':
        return bindNothing(call) ?? this.#queues.size(queue).depth;
      case 'empty':
        return bindNothing(call) ?? this.#queues.size(queue).depth === 0;
      case 'full': {
        const { depth, capacity } = this.#queues.size(queue);
        return bindNothing(call) ?? (capacity !== null && depth >= capacity);
      }
      case 'task_done':
        if (this.#undone[queue] === 0) return valueError('task_done() called too many times');
        this.#undone[queue]--;
        return null;
      case 'join':
        return this.#queues.join(queue, call.signal).then(() => null);
      default:
        return method satisfies never;
    }
  }

  #put(queue: QueueName, call: QueueCall, bound: Bound): Soon<PyValue> {
    if (bound instanceof PyException) return bound;
    const wait = waitOf(bound, call.signal);
    if (wait instanceof PyException) return wait;
    const item = bound.item ?? null;
    if (queue === 'results') {
      const result = readResult(item);
      if (result instanceof PyException) return result;
      return after(this.#queues.settle(call.client, result), (settled) => settledAnswer(result, settled));
    }
    if (typeof item !== 'string') return typeError('a task is the URL of a download, as str');
    return after(this.#queues.putTask(call.client, item, wait), putAnswer);
  }

  #get(queue: QueueName, call: QueueCall, bound: Bound): Soon<PyValue> {
    if (bound instanceof PyException) return bound;
    const wait = waitOf(bound, call.signal);
    if (wait instanceof PyException) return wait;
    const got: Soon<LeaseOutcome | TakeOutcome> =
      queue === 'tasks' ? this.#queues.leaseTask(call.client, wait) : this.#queues.takeResult(call.client, wait);
    return after(got, (outcome) => this.#gotAnswer(queue, outcome));
  }

  #gotAnswer(queue: QueueName, got: LeaseOutcome | TakeOutcome): PyValue {
    if (got.kind === 'empty') return empty;
    this.#undone[queue]++;
    if (got.kind === 'task') return got.url;
    return this.#asDict ? resultDict(got.result) : resultText(got.result);
  }
}

function putAnswer(put: PutOutcome): PyValue {
  if (put.kind === 'full') return full;
  return put.kind === 'refused' ? valueError(put.why) : null;
}

function settledAnswer({ url }: PythonResult, settled: SettleOutcome): PyValue {
  if (settled.kind === 'ok') return null;
  if (settled.kind === 'wrong') return valueError(`this is not ${url}: ${settled.why}`);
  return valueError(`no lease of ${url} is open: it was given back or has a result already`);
}

/** What is there already is dealt with at once, the rest when it comes. */
function after<T>(value: Soon<T>, act: (value: T) => PyValue): Soon<PyValue> {
  return value instanceof Promise ? value.then(act) : act(value);
}

type Bound = Readonly<Record<string, PyData>> | PyException;

/** Arguments by name, as Python binds them. */
function bind({ args, kwds }: QueueCall, names: readonly string[], required: number): Bound {
  if (args.length > names.length) return typeError(`takes at most ${names.length} arguments (${args.length} given)`);
  const bound: Record<string, PyData> = {};
  args.forEach((value, n) => (bound[names[n]!] = value));
  for (const [name, value] of kwds) {
    if (typeof name !== 'string' || !names.includes(name)) return typeError('got an unexpected keyword argument');
    if (Object.hasOwn(bound, name)) return typeError(`got multiple values for argument ${name}`);
    bound[name] = value;
  }
  const missing = names.slice(0, required).find((name) => !Object.hasOwn(bound, name));
  return missing ? typeError(`missing the argument ${missing}`) : bound;
}

function bindNothing(call: QueueCall): PyException | null {
  const bound = bind(call, [], 0);
  return bound instanceof PyException ? bound : null;
}

function noWait(bound: Bound): Bound {
  return bound instanceof PyException ? bound : { ...bound, block: false };
}

function waitOf(bound: Readonly<Record<string, PyData>>, signal: AbortSignal): Wait | PyException {
  const { block = true, timeout = null } = bound;
  if (block === false || block === 0 || block === null) return { timeoutMs: 0, signal };
  if (timeout === null || typeof timeout === 'bigint' || timeout === Infinity) return { signal };
  if (typeof timeout !== 'number' || Number.isNaN(timeout)) return typeError("'timeout' must be a number");
  if (timeout < 0) return valueError("'timeout' must be a non-negative number");
  // Longer than a timer can be set for is for ever.
  return timeout * 1000 > MAX_TIMER_MS ? { signal } : { timeoutMs: timeout * 1000, signal };
}

/** `URL--->success`, `URL--->failed`, `URL--->failed: why`, or a dict with `url` and `path`, `size`, `sha256` or `error`. */
function readResult(item: PyData): PythonResult | PyException {
  if (typeof item === 'string') {
    const at = item.lastIndexOf(ARROW);
    const said = item.slice(at + ARROW.length).trim();
    if (at > 0 && said === 'success') return { url: item.slice(0, at), outcome: 'success' };
    const failed = /^failed(?::\s*(.*))?$/s.exec(said);
    if (at > 0 && failed) return { url: item.slice(0, at), outcome: 'failed', why: (failed[1] ?? '').slice(0, 1000) };
    return valueError(`a result is 'URL${ARROW}success' or 'URL${ARROW}failed: why'`);
  }
  if (!(item instanceof Map)) return typeError('a result is a str or a dict');
  const url = item.get('url');
  if (typeof url !== 'string') return valueError("a result that is a dict needs the download's 'url'");
  const error = item.get('error') ?? (item.get('status') === 'failed' ? '' : null);
  if (typeof error === 'string') return { url, outcome: 'failed', why: error.slice(0, 1000) };
  if (error !== null) return valueError("'error' must be a str");
  const [path, size, sha256] = ['path', 'size', 'sha256'].map((key) => item.get(key) ?? undefined);
  if (path !== undefined && (typeof path !== 'string' || path.length > 4096)) return valueError("'path' must be a str");
  if (size !== undefined && !(Number.isSafeInteger(size) && Number(size) >= 0))
    return valueError("'size' must be a number of bytes");
  if (sha256 !== undefined && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256))) {
    return valueError("'sha256' must be 64 hexadecimal digits");
  }
  return {
    url,
    outcome: 'success',
    ...(path === undefined ? {} : { path }),
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
    ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase() }),
  };
}

/** A result as a Python program puts or gets it, as text. */
export function resultText(result: PythonResult): string {
  if (result.outcome === 'success') return `${result.url}${ARROW}success`;
  return `${result.url}${ARROW}failed${result.why ? `: ${result.why}` : ''}`;
}

/** The same as a dict, with all that is known. */
export function resultDict(result: PythonResult): Record<string, PyValue> {
  if (result.outcome === 'failed') return { url: result.url, status: 'failed', error: result.why };
  const { url, path = null, sizeBytes = null, sha256 = null } = result;
  return { url, status: 'success', path, size: sizeBytes, sha256 };
}
