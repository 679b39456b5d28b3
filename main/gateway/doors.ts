// The doors of one engine: opened, shut and opened anew as the settings say, and what they tell of themselves.
import os from 'node:os';
import path from 'node:path';
import type { Coordination } from '../../shared/coordination.ts';
import type { Settings } from '../../shared/settings.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { told } from '../../shared/told.ts';
import { because, type Why } from '../../shared/why.ts';
import type { Engine } from '../engine/engine.ts';
import { openCoordinator, type Coordinator } from './coordinator.ts';
import { openDiscoverable, type Discoverable } from './discovery.ts';
import { isLoopback } from './doorkeeper.ts';
import { EngineQueues } from './python/engine-queues.ts';
import { loadAuthkey, loadIdentity, type Identity } from './identity.ts';
import { openPythonDoor, type PythonDoor } from './python/managers.ts';
import { receivingBack, type OpenIncoming } from './back/receiving.ts';

/** Which doors are to be open; port 0 is any free one. */
export type DoorPlan = {
  coordinator: { host: string; port: number; orAnotherPort: boolean } | null;
  python: { host: string; port: number; md5: boolean; dicts: boolean } | null;
  /** Only a coordinator that others can reach answers on the network. */
  discoverable: boolean;
};

export type DoorsOptions = {
  engine: Engine;
  dataDir: string;
  /** Default: `authkey` and `python-authkey` in the data directory, made when missing. */
  authkeyFile?: string | undefined;
  pythonAuthkeyFile?: string | undefined;
  /** Writes the files that workers elsewhere send back. */
  openIncoming: OpenIncoming;
  /** Told what went wrong behind the Python door, of which its caller hears no details, and that results are lost there. */
  onError: (error: unknown) => void;
};

/** The doors that settings ask for. The one for Python programs has no TLS: beyond this machine only by choice. */
export function doorPlan(settings: Settings): DoorPlan {
  const { coordinator, coordinatorHost, coordinatorPort, pythonDoor, discoverable } = settings;
  const { pythonHost, pythonPort, pythonMd5, pythonDicts } = settings;
  return {
    coordinator: coordinator ? { host: coordinatorHost, port: coordinatorPort, orAnotherPort: true } : null,
    python: pythonDoor ? { host: pythonHost, port: pythonPort, md5: pythonMd5, dicts: pythonDicts } : null,
    discoverable,
  };
}

type Trouble = NonNullable<Coordination['trouble']>;
type Door = Trouble['door'];
type Address = { host: string; port: number };
type OpenCoordinator = { door: Coordinator; identity: Identity | undefined; wantedPort: number };
type OpenPython = { door: PythonDoor; queues: EngineQueues; host: string };

export class Doors {
  readonly #options: DoorsOptions;
  #plan: DoorPlan = { coordinator: null, python: null, discoverable: false };
  #coordinator: OpenCoordinator | null = null;
  #python: OpenPython | null = null;
  #discoverable: Discoverable | null = null;
  readonly #troubles = new Map<Door, Trouble>();
  #turn: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** Opens and shuts what differs from the plan before, one plan after the other. What fails is told by `state`. */
  apply(plan: DoorPlan): Promise<void> {
    this.#turn = this.#turn.then(() => (this.#over ? undefined : this.#apply(plan)));
    return this.#turn;
  }

  state(): Coordination {
    const [trouble = null] = this.#troubles.values();
    return { coordinator: this.#coordinatorState(), python: this.#pythonState(), trouble };
  }

  /** The secret of a door, for a person who asked to see it. */
  async keyText(of: 'coordinator' | 'python'): Promise<string> {
    return (await loadAuthkey(of === 'coordinator' ? this.#keyFile : this.#pythonKeyFile)).toString('utf8');
  }

  /** For the end, before the engine is closed: nobody comes in any more, and what Python programs hold goes back. */
  async shut(): Promise<void> {
    this.#over = true;
    await this.#turn;
    this.#coordinator?.door.stopListening();
    await this.#shutPython();
    await this.#shutDiscoverable();
  }

  /** Drops every connection. After the engine has told its workers to stop. */
  async close(): Promise<void> {
    await this.shut();
    await this.#shutCoordinator();
  }

  async #apply(plan: DoorPlan): Promise<void> {
    const before = this.#plan;
    this.#plan = plan;
    const coordinator = !same(before.coordinator, plan.coordinator);
    const discoverable = coordinator || before.discoverable !== plan.discoverable;
    if (discoverable) await this.#shutDiscoverable();
    if (coordinator) {
      await this.#shutCoordinator();
      await this.#try('coordinator', plan.coordinator, () => this.#openCoordinator(plan.coordinator));
    }
    if (discoverable) await this.#try('discoverable', null, () => this.#openDiscoverable(plan.discoverable));
    if (same(before.python, plan.python)) return;
    await this.#shutPython();
    await this.#try('python', plan.python, () => this.#openPython(plan.python));
  }

  async #try(door: Door, at: Address | null, open: () => Promise<void>): Promise<void> {
    this.#troubles.delete(door);
    try {
      await open();
    } catch (error) {
      this.#troubles.set(door, troubleOf(door, at, error as NodeJS.ErrnoException));
    }
  }

  async #openCoordinator(plan: DoorPlan['coordinator']): Promise<void> {
    if (!plan) return;
    const { engine, dataDir, openIncoming } = this.#options;
    const notesDir = path.join(dataDir, 'parts');
    const authkey = await loadAuthkey(this.#keyFile);
    const identity = isLoopback(plan.host) ? undefined : await loadIdentity(path.join(dataDir, 'identity.pem'));
    const door = await openCoordinator({
      ...plan,
      authkey,
      ...(identity && { identity }),
      name: os.hostname(),
      refusalOf: (id) => engine.machines.refusalOf(id),
      onWorker: (port, info) => engine.attachWorker(receivingBack(port, openIncoming, notesDir), info.id, info.address),
    });
    this.#coordinator = { door, identity, wantedPort: plan.port };
  }

  async #openPython(plan: DoorPlan['python']): Promise<void> {
    if (!plan) return;
    const { engine, onError } = this.#options;
    const { host, port, md5, dicts } = plan;
    const results = dicts ? 'dict' : 'text';
    const authkey = await loadAuthkey(this.#pythonKeyFile);
    const queues = new EngineQueues(engine, onError);
    try {
      const door = await openPythonDoor({ host, port, authkey, allowMd5: md5, queues, results, onError });
      this.#python = { door, queues, host };
    } catch (error) {
      queues.close();
      throw error;
    }
  }

  async #openDiscoverable(wanted: boolean): Promise<void> {
    const open = this.#coordinator;
    if (!wanted || !open?.identity) return;
    const { fingerprint } = open.identity;
    this.#discoverable = await openDiscoverable({ name: os.hostname(), port: open.door.port, fingerprint });
  }

  async #shutCoordinator(): Promise<void> {
    const open = this.#coordinator;
    this.#coordinator = null;
    await open?.door.close();
  }

  async #shutPython(): Promise<void> {
    const open = this.#python;
    this.#python = null;
    await open?.door.close();
    open?.queues.close();
  }

  async #shutDiscoverable(): Promise<void> {
    const open = this.#discoverable;
    this.#discoverable = null;
    await open?.close();
  }

  get #keyFile(): string {
    return this.#options.authkeyFile ?? path.join(this.#options.dataDir, 'authkey');
  }

  get #pythonKeyFile(): string {
    return this.#options.pythonAuthkeyFile ?? path.join(this.#options.dataDir, 'python-authkey');
  }

  #coordinatorState(): Coordination['coordinator'] {
    if (!this.#coordinator) return null;
    const { door, identity, wantedPort } = this.#coordinator;
    const { host, port, encrypted } = door;
    const fingerprint = identity?.fingerprint ?? null;
    const to = addressFor(host);
    const words = ['sluice worker --connect', `${to.includes(':') ? `[${to}]` : to}:${port}`, '--authkey-file key'];
    if (fingerprint !== null) words.push(`--fingerprint ${fingerprint}`);
    const insteadOf = wantedPort === 0 || wantedPort === port ? null : wantedPort;
    return { host, port, insteadOf, encrypted, fingerprint, counts: door.counts(), joinCommand: words.join(' ') };
  }

  #pythonState(): Coordination['python'] {
    if (!this.#python) return null;
    const { door, host } = this.#python;
    return {
      host: addressFor(host),
      port: door.port,
      keyFile: path.resolve(this.#pythonKeyFile),
      counts: door.counts(),
      clients: door.clients().map(({ id, name, address, cameAt }) => ({ id, name, address, cameAt })),
    };
  }
}

function same(one: object | null, other: object | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const shutWhys = { coordinator: 'coordinator-shut', python: 'python-shut', discoverable: 'discoverable-shut' } as const;

/** Why a door stays shut. */
function troubleOf(door: Door, at: Address | null, error: NodeJS.ErrnoException): Trouble {
  const shut = (code: Trouble['code'], why: Why) => ({
    door,
    ...told(code, because(shutWhys[door], { because: why })),
  });
  switch (error.code) {
    case 'EADDRINUSE':
      return shut('port-taken', at ? because('port-taken', { port: at.port }) : systemWhy(error));
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return shut('no-address', at ? because('no-own-address', { host: at.host }) : systemWhy(error));
    case 'EACCES':
    case 'EPERM':
      return shut('not-allowed', systemWhy(error));
    default:
      return shut('not-opened-door', systemWhy(error));
  }
}

/** How others reach a host that is listened on: for all addresses at once, the first one of a network. */
function addressFor(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const own = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? os.hostname();
}
