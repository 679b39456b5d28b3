// Joins a manager that a Python program serves: its get_task_queue and get_result_queue as queues of ours.
import net from 'node:net';
import { PickleError, PyObject, type PyData } from './pickle-stack.ts';
import { pickle, Tuple, type PyValue } from './pickle.ts';
import { answerChallenge, ConnectionEnded, deliverChallenge, PythonConnection, type PythonKey } from './connection.ts';
import { unpickle } from './unpickle.ts';

export interface PythonManagerAddress extends PythonKey {
  host: string;
  port: number;
  /** Ends the joining, or later every connection. */
  signal: AbortSignal;
  /** Time for each connection to be made and logged in, in ms. Default 10,000. */
  connectTimeoutMs?: number;
}

/** Why a manager could not be joined, or what it said no to; `unreadable`: what it gave is more than plain data. */
export class PythonManagerError extends Error {
  readonly code: 'unreachable' | 'wrong-key' | 'lost' | 'refused' | 'unreadable';
  constructor(code: PythonManagerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PythonManagerError';
    this.code = code;
  }

  /** It may be over the next time. */
  get retry(): boolean {
    return this.code === 'unreachable' || this.code === 'lost';
  }
}

/** A queue.Queue behind a manager. Each has its own connection, so one that waits does not hold up the other. */
export interface PythonQueue {
  /** Waits at most `timeoutMs` (0: not at all). */
  get(timeoutMs: number): Promise<{ kind: 'item'; value: PyData } | { kind: 'empty' }>;
  /** Waits at most `timeoutMs` for room. */
  put(item: PyValue, timeoutMs: number): Promise<{ kind: 'ok' } | { kind: 'full' }>;
  qsize(): Promise<number>;
  /** Says that an item that it gave has been dealt with. A queue that keeps no count of those is left alone. */
  taskDone(): Promise<void>;
}

export interface PythonManager {
  readonly tasks: PythonQueue;
  readonly results: PythonQueue;
  /** Gives the references back and ends the connections. */
  close(): Promise<void>;
}

/** Logs in and creates both queues' proxies. All calls reject with a PythonManagerError. */
export async function joinPythonManager(address: PythonManagerAddress): Promise<PythonManager> {
  const first = await connect(address);
  await request(first, null, 'dummy').finally(() => first.close());
  const proxies: Proxy[] = [];
  try {
    for (const typeid of ['get_task_queue', 'get_result_queue']) proxies.push(await Proxy.create(address, typeid));
  } catch (error) {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    throw error;
  }
  const [tasks, results] = proxies as [Proxy, Proxy];
  return { tasks, results, close: async () => void (await Promise.all([tasks.close(), results.close()])) };
}

const harmless = new Set(['queue.Empty', '_queue.Empty', 'queue.Full']);

class Proxy implements PythonQueue {
  readonly #address: PythonManagerAddress;
  readonly #ident: string;
  readonly #connection: PythonConnection;
  /** Calls go one after the other, as on any connection of Python's. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(address: PythonManagerAddress, ident: string, connection: PythonConnection) {
    this.#address = address;
    this.#ident = ident;
    this.#connection = connection;
  }

  static async create(address: PythonManagerAddress, typeid: string): Promise<Proxy> {
    const created = await once(address, 'create', [typeid]);
    const ident = Array.isArray(created) ? created[0] : null;
    if (typeof ident !== 'string') throw new PythonManagerError('refused', `The manager made no ${typeid}.`);
    // `create` has counted one reference, which is this proxy's.
    const connection = await connect(address);
    await request(connection, null, 'accept_connection', ['sluice']);
    return new Proxy(address, ident, connection);
  }

  async get(timeoutMs: number): Promise<{ kind: 'item'; value: PyData } | { kind: 'empty' }> {
    const value = await this.#call('get', [timeoutMs > 0, timeoutMs / 1000]);
    return isException(value, 'Empty') ? { kind: 'empty' } : { kind: 'item', value };
  }

  async put(item: PyValue, timeoutMs: number): Promise<{ kind: 'ok' } | { kind: 'full' }> {
    const value = await this.#call('put', [item, timeoutMs > 0, timeoutMs / 1000]);
    return isException(value, 'Full') ? { kind: 'full' } : { kind: 'ok' };
  }

  async qsize(): Promise<number> {
    return Number(await this.#call('qsize', []));
  }

  async taskDone(): Promise<void> {
    await this.#call('task_done', []).catch((error: unknown) => {
      if (!(error instanceof PythonManagerError) || error.retry) throw error;
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    this.#connection.close();
    await once(this.#address, 'decref', [this.#ident]).catch(() => undefined);
  }

  #call(method: string, args: PyValue[]): Promise<PyData> {
    const call = this.#last.catch(() => undefined).then(() => request(this.#connection, this.#ident, method, args));
    this.#last = call;
    return call;
  }
}

function isException(value: PyData, name: string): boolean {
  return value instanceof PyObject && value.name.endsWith(`.${name}`);
}

/** One request on a connection of its own, as Python makes those to the manager itself. */
async function once(address: PythonManagerAddress, name: string, args: PyValue[]): Promise<PyData> {
  const connection = await connect(address);
  return request(connection, null, name, args).finally(() => connection.close());
}

/** What a request returned, or the harmless exception that it raised. */
async function request(
  connection: PythonConnection,
  ident: string | null,
  name: string,
  args: PyValue[] = [],
): Promise<PyData> {
  let bytes: Buffer | undefined;
  try {
    connection.send(pickle(new Tuple(ident, name, new Tuple(...args), {})));
    bytes = await connection.receive();
    const answer = unpickle(bytes, { classes: harmless });
    const [kind, value] = Array.isArray(answer) ? answer : [];
    if (kind === '#RETURN' || (kind === '#ERROR' && value instanceof PyObject)) return value ?? null;
    throw new PythonManagerError('refused', `The manager refused ${name}: ${lastLine(value)}`);
  } catch (error) {
    if (error instanceof ConnectionEnded) throw new PythonManagerError('lost', error.message, { cause: error });
    if (error instanceof PickleError) {
      const code = bytes?.subarray(0, 32).includes('#RETURN') ? 'unreadable' : 'refused';
      throw new PythonManagerError(code, error.message, { cause: error });
    }
    throw error;
  }
}

/** The line of a traceback that says what was wrong. */
function lastLine(value: PyData | undefined): string {
  return typeof value === 'string' ? (value.trimEnd().split('\n').pop() ?? '').slice(0, 500) : 'no reason was given.';
}

async function connect(address: PythonManagerAddress): Promise<PythonConnection> {
  const { host, port, signal, connectTimeoutMs = 10_000 } = address;
  const deadline = AbortSignal.timeout(connectTimeoutMs);
  const socket = net.connect({ host, port });
  const stop = (): void => void socket.destroy();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', stop));
  deadline.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('The connection was given up.')));
    });
  } catch (cause) {
    throw new PythonManagerError('unreachable', `${host}:${port} cannot be reached: ${(cause as Error).message}`, {
      cause,
    });
  }
  const connection = new PythonConnection(socket);
  try {
    if ((await answerChallenge(connection, address)) && (await deliverChallenge(connection, address))) {
      deadline.removeEventListener('abort', stop);
      connection.maxMessageBytes = 8 * 1024 * 1024;
      return connection;
    }
  } catch (cause) {
    if (!(cause instanceof ConnectionEnded)) throw cause;
    connection.close();
    throw new PythonManagerError('lost', `${host}:${port} does not answer as a manager does: ${cause.message}`, {
      cause,
    });
  }
  connection.close();
  throw new PythonManagerError('wrong-key', `${host}:${port} does not take the authkey.`);
}
