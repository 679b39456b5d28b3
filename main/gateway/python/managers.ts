// The Python door: speaks the protocol of multiprocessing.managers.BaseManager, so that Python programs see our two queues.
import net from 'node:net';
import { Doorkeeper, type DoorCounts, type DoorLimits, type Visitor } from '../doorkeeper.ts';
import { PickleError, PyObject, type PyData } from './pickle-stack.ts';
import { pickle, PyException, Tuple, type PyValue } from './pickle.ts';
import { QueueCalls, queueMethods, type QueueName } from './calls.ts';
import { answerChallenge, ConnectionEnded, deliverChallenge, PythonConnection, type PythonKey } from './connection.ts';
import type { PythonClient, PythonQueues, Soon } from './queues.ts';
import { unpickle } from './unpickle.ts';

export interface PythonDoorOptions extends PythonKey {
  host: string;
  /** 0: any free one. */
  port: number;
  queues: PythonQueues;
  /** What `get` on the result queue gives out. Default `text`. */
  results?: 'text' | 'dict';
  limits?: Partial<DoorLimits>;
  /** Told what the queues threw; the caller only hears that something went wrong. */
  onError: (error: unknown) => void;
  /** Longest message of a program that has logged in. Default 8 MiB. */
  maxMessageBytes?: number;
}

/** `cameAt`: since when it is here. */
export type PythonPeer = PythonClient & { readonly cameAt: number };

export interface PythonDoor {
  readonly port: number;
  counts(): DoorCounts;
  /** The connections that may hold leases. */
  clients(): readonly PythonPeer[];
  /** Ends every connection; their leases go back. */
  close(): Promise<void>;
}

/** Identities of the two shared objects. Python shows them in hexadecimal. */
const objects: ReadonlyMap<string, QueueName> = new Map([
  ['7a51', 'tasks'],
  ['7e50', 'results'],
]);
const typeids: ReadonlyMap<string, string> = new Map([
  ['get_task_queue', '7a51'],
  ['get_result_queue', '7e50'],
]);
const exposed = new Tuple(...queueMethods);
const TOKEN = 'multiprocessing.managers.Token';
const tokenOnly = new Set([TOKEN]);

/** Opens the door. Rejects when the address cannot be listened on. */
export async function openPythonDoor(options: PythonDoorOptions): Promise<PythonDoor> {
  const keeper = new Doorkeeper({ maxGuests: 512, ...options.limits });
  const house = new House(options);
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    const visitor = keeper.admit(socket);
    if (visitor) void house.serve(socket, visitor);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.on('error', () => undefined);
  return {
    port: (server.address() as net.AddressInfo).port,
    counts: () => keeper.counts(),
    clients: () => house.clients(),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      keeper.sendAllAway();
      await closed;
    },
  };
}

/** A refusal that Python shows as a RemoteError with this text. */
class Refusal extends Error {}

class House {
  readonly #options: PythonDoorOptions;
  readonly #calls: QueueCalls;
  readonly #clients = new Set<PythonPeer>();
  readonly #references = new Map<string, number>();
  #nextId = 1;

  constructor(options: PythonDoorOptions) {
    this.#options = options;
    this.#calls = new QueueCalls({ queues: options.queues, results: options.results ?? 'text' });
  }

  clients(): readonly PythonPeer[] {
    return [...this.#clients];
  }

  async serve(socket: net.Socket, visitor: Visitor): Promise<void> {
    const connection = new PythonConnection(socket);
    try {
      const { authkey, allowMd5 } = this.#options;
      const key = { authkey, allowMd5 };
      if (!(await deliverChallenge(connection, key, () => visitor.refuse()))) return;
      if (!(await answerChallenge(connection, key))) return;
      connection.maxMessageBytes = this.#options.maxMessageBytes ?? 8 * 1024 * 1024;
      if (!visitor.welcome()) return;
      await this.#firstRequest(connection, visitor);
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) this.#options.onError(error);
    } finally {
      connection.close();
    }
  }

  /** A new connection asks for one thing of the manager itself; `accept_connection` makes it one that calls methods. */
  async #firstRequest(connection: PythonConnection, visitor: Visitor): Promise<void> {
    let client: Client | undefined;
    const asked = await connection.receive();
    await this.#answer(connection, asked, ([, name, args]) => {
      if (name !== 'accept_connection') return this.#ofManager(textOf(name), args);
      client = new Client(this.#nextId++, textOf(args[0]), visitor.address);
      this.#clients.add(client);
      return null;
    });
    if (client) await this.#serveCalls(connection, client);
  }

  async #serveCalls(connection: PythonConnection, client: Client): Promise<void> {
    const { signal } = connection;
    const act = (request: Request) => this.#ofObject(client, signal, request);
    try {
      await connection.each((message) => this.#answer(connection, message, act));
    } finally {
      this.#clients.delete(client);
      this.#options.queues.giveBack(client);
    }
  }

  /** Reads a request, lets `act` fulfil it and sends what came of it: at once, where it is there at once. */
  #answer(
    connection: PythonConnection,
    message: Buffer,
    act: (request: Request) => Soon<PyValue>,
  ): Promise<void> | undefined {
    let answer: Buffer;
    try {
      const value = act(readRequest(message));
      if (value instanceof Promise) return this.#answerLater(connection, value);
      answer = answerOf(value);
    } catch (error) {
      answer = this.#excuse(error);
    }
    connection.send(answer);
    return undefined;
  }

  async #answerLater(connection: PythonConnection, value: Promise<PyValue>): Promise<void> {
    let answer: Buffer;
    try {
      answer = answerOf(await value);
    } catch (error) {
      if (connection.signal.aborted) throw new ConnectionEnded('The caller is gone.');
      answer = this.#excuse(error);
    }
    connection.send(answer);
  }

  /** What is sent when a request cannot be fulfilled. */
  #excuse(error: unknown): Buffer {
    const expected = error instanceof Refusal || error instanceof PickleError;
    if (!expected) this.#options.onError(error);
    return pickle(new Tuple('#TRACEBACK', `Sluice: ${expected ? error.message : 'something went wrong here.'}\n`));
  }

  #ofManager(name: string, args: PyData[]): PyValue {
    switch (name) {
      case 'dummy':
        return null;
      case 'create': {
        const ident = typeids.get(textOf(args[0]));
        if (!ident || args.length > 1) throw new Refusal(`There is only ${[...typeids.keys()].join('() and ')}().`);
        this.#refer(ident, 1);
        return new Tuple(ident, exposed);
      }
      case 'get_methods': {
        const [token] = args;
        const state =
          token instanceof PyObject && token.name === TOKEN && Array.isArray(token.state) ? token.state : [];
        known(textOf(state[2]));
        return exposed;
      }
      case 'incref':
      case 'decref':
        this.#refer(textOf(args[0]), name === 'incref' ? 1 : -1);
        return null;
      case 'number_of_objects':
        return this.#references.size;
      case 'debug_info':
        return [...this.#references]
          .map(([ident, count]) => `  ${ident}:       refcount=${count}\n    ${known(ident)}`)
          .join('\n');
      case 'shutdown':
        throw new Refusal('This manager is not yours to shut down.');
      default:
        throw new Refusal(`${name.slice(0, 100)} is not known.`);
    }
  }

  #ofObject(client: Client, signal: AbortSignal, [ident, method, args, kwds]: Request): Soon<PyValue> {
    const queue = known(textOf(ident));
    if (method === '__str__' || method === '__repr__') return `<Sluice's queue of ${queue}>`;
    const name = queueMethods.find((one) => one === method);
    if (!name) throw new Refusal(`A queue has no method ${textOf(method).slice(0, 100)}.`);
    return this.#calls.call(queue, name, { client, signal, args, kwds });
  }

  #refer(ident: string, change: 1 | -1): void {
    known(ident);
    const count = (this.#references.get(ident) ?? 0) + change;
    if (count < 0) throw new Refusal(`Nobody refers to ${ident} any more.`);
    if (count === 0) this.#references.delete(ident);
    else this.#references.set(ident, count);
  }
}

class Client implements PythonPeer {
  readonly cameAt = Date.now();
  readonly id: number;
  readonly name: string;
  readonly address: string;
  constructor(id: number, name: string, address: string) {
    this.id = id;
    this.name = name.slice(0, 200);
    this.address = address;
  }
}

const RETURN_NONE = pickle(new Tuple('#RETURN', null));

function answerOf(value: PyValue): Buffer {
  if (value === null) return RETURN_NONE;
  return pickle(new Tuple(value instanceof PyException ? '#ERROR' : '#RETURN', value));
}

type Request = [ident: PyData, name: PyData, args: PyData[], kwds: Map<PyData, PyData>];

function readRequest(message: Buffer): Request {
  const request = unpickle(message, { classes: tokenOnly });
  if (!Array.isArray(request) || request.length !== 4) throw new Refusal('A request is (ident, name, args, kwds).');
  const [ident, name, args, kwds] = request as [PyData, PyData, PyData, PyData];
  if (!Array.isArray(args) || !(kwds instanceof Map)) throw new Refusal('A request is (ident, name, args, kwds).');
  return [ident, name, args, kwds];
}

function textOf(value: PyData | undefined): string {
  if (typeof value !== 'string') throw new Refusal('A name must be a str.');
  return value;
}

function known(ident: string): QueueName {
  const queue = objects.get(ident);
  if (!queue) throw new Refusal(`There is no object ${ident.slice(0, 100)}.`);
  return queue;
}
