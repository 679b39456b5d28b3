// The engine: store, queues, pool and dispatch as one object. Entries make it, faces steer it through its handlers.
import path from 'node:path';
import type { EngineEvent, Handlers } from '../../shared/api.ts';
import type { DownloadId, NewDownload } from '../../shared/download.ts';
import type { Settings } from '../../shared/settings.ts';
import type { ThreadCounts } from '../../shared/traffic.ts';
import type { Port } from '../transport/port.ts';
import { Adding } from './adding.ts';
import { DiskRoom } from './disk-room.ts';
import { Dispatch } from './dispatch/dispatch.ts';
import { Guests } from './dispatch/guests.ts';
import { createHandlers } from './handlers.ts';
import { HashLater, type Hasher } from './hash-later.ts';
import { foldName, isPlainName, numbered, partName } from './names.ts';
import { Machines } from './machines.ts';
import { Pool, type SpawnedWorker } from './dispatch/pool.ts';
import { PoolSize } from './dispatch/pool-size.ts';
import { backUp, recover, resumeWhereRoomIs } from './recovery.ts';
import { Removals } from './removals.ts';
import { Listeners, type Signal } from './signal.ts';
import { maskedSettings, unmaskedChange } from './settings/secrets.ts';
import { Sorting } from './sorting.ts';
import { SpeedLimits } from './dispatch/speed-limits.ts';
import { Store } from './store/store.ts';
import { Tap } from './tap.ts';
import type { TaskQueue } from './dispatch/task-queue.ts';
import { WorkerSettings } from './settings/transfer-settings.ts';
import { View } from './view.ts';
import type { WorkerLink } from './dispatch/worker-link.ts';

export type { Hasher } from './hash-later.ts';
export type { Guest } from './dispatch/guest.ts';
export type { SpawnedWorker } from './dispatch/pool.ts';
export { Queue } from './dispatch/queue.ts';
export type { Signal } from './signal.ts';

export type EngineOptions = {
  /** Where the list lives. */
  dataDir: string;
  /** Starts one worker process. */
  spawnWorker: () => SpawnedWorker;
  /** Computes the SHA-256 of finished files; without it there are none but those that workers elsewhere tell. */
  hasher?: Hasher | undefined;
  /** How the threads stand that hash what is sent back. */
  receiving?: () => ThreadCounts;
  /** Path of better-sqlite3's compiled part, where its own does not fit the runtime. */
  nativeBinding?: string | undefined;
  /** Settings for this run only; they are not kept. */
  overrides?: Partial<Settings>;
  now?: () => number;
  /** Adds the downloads of the demonstration and returns their number; without it there is no demo. */
  startDemo?: (add: (downloads: NewDownload[]) => Promise<unknown>) => Promise<number>;
  version?: string;
};

const CHANGED_MS = 100;
const SHARE_MS = 250;
const FILES_MS = 1000;
const ROOM_MS = 3000;
const BACKUP_CHECK_MS = 60_000;
const BACKUP_AGE_MS = 24 * 3_600_000;
const STOP_GRACE_MS = 1500;

export class Engine {
  readonly handlers: Handlers;
  readonly adding: Adding;
  readonly view: View;
  readonly machines: Machines;
  readonly guests: Guests;
  readonly #store: Store;
  readonly #tap: Tap;
  readonly #pool: Pool;
  readonly #poolSize: PoolSize;
  readonly #dispatch: Dispatch;
  readonly #removals: Removals;
  readonly #disk: DiskRoom;
  readonly #hashLater: HashLater;
  readonly #events = new Listeners<EngineEvent>();
  readonly #signals = new Listeners<Signal>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #limits: SpeedLimits;
  readonly #sorting = new Sorting(() => this.#settings);
  /** The timetable allows no downloads now. */
  #resting = false;
  readonly #workerSettings: WorkerSettings;
  #settings: Settings;
  #started = false;
  #changed: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    const now = options.now ?? Date.now;
    this.#store = new Store({
      dir: options.dataDir,
      names: { fold: foldName, isPlainName, numbered, partName, category: (name) => this.#sorting.categoryOf(name) },
      nativeBinding: options.nativeBinding,
      now: now(),
    });
    this.#settings = { ...this.#store.settings.load(), ...options.overrides };
    this.#tap = new Tap(now);
    this.#disk = new DiskRoom(now);
    this.#hashLater = new HashLater(this.#store, options.hasher, {
      wanted: () => this.#settings.hash,
      now,
      tell: (done) => this.#signals.tell(done),
      changed: () => {
        this.#dispatch.listChanged();
        this.#progressed();
      },
    });
    const notes = path.join(options.dataDir, 'parts');
    this.#dispatch = new Dispatch({
      store: this.#store,
      tap: this.#tap,
      disk: this.#disk,
      notes,
      now,
      settings: () => this.#settings,
      localWorkers: () => this.#pool.expected,
      closing: () => this.#closing !== undefined || this.#resting,
      signals: this.#signals,
      hashLater: this.#hashLater,
      keptElsewhere: (stored) => this.#removals.clearPart(stored),
      grown: () => this.#sizePool(),
      progressed: () => this.#progressed(),
    });
    this.#pool = new Pool({
      spawn: options.spawnWorker,
      queue: this.queue,
      tap: this.#tap,
      now,
      events: {
        ready: (link) => this.#welcome(link),
        gone: (link, why) => {
          this.#limits.forget(link);
          if (link.kind === 'local' && why !== null && !this.#closing) this.#removals.clearParts();
          if (link.kind === 'remote' && !this.#closing) this.machines.left(link);
        },
      },
    });
    this.#poolSize = new PoolSize(this.#pool, this.#dispatch, this.#store, () => this.#settings);
    this.guests = new Guests(this.queue, this.#tap, () => this.#pool.nextId());
    this.#limits = new SpeedLimits({
      settings: () => this.#settings,
      now,
      workers: () => this.#pool.ready.filter(({ kind }) => kind === 'local'),
      leases: () => this.#dispatch.leases.values(),
    });
    this.#workerSettings = new WorkerSettings(
      () => this.#settings,
      () => this.#pool.ready,
      options.version ?? '0',
    );
    this.#resting = this.#limits.scheduled?.kind === 'N';
    this.#removals = new Removals({ store: this.#store, dispatch: this.#dispatch, notes, signals: this.#signals, now });
    this.adding = new Adding({
      store: this.#store,
      queue: this.queue,
      now,
      dir: () => this.downloadDir,
      sorting: this.#sorting,
      listChanged: () => this.#listChanged(),
    });
    this.view = new View({
      store: this.#store,
      dispatch: this.#dispatch,
      pool: this.#pool,
      guests: this.guests,
      tap: this.#tap,
      disk: this.#disk,
      now,
      dir: () => this.downloadDir,
      limits: this.#limits,
      modeHere: () => this.machines.modeHere,
      threads: { finished: options.hasher?.state, 'sent back': options.receiving },
    });
    this.machines = new Machines({
      store: this.#store,
      dispatch: this.#dispatch,
      links: () => this.#pool.links.values(),
      now,
      version: options.version ?? '0',
    });
    this.handlers = createHandlers({
      machines: this.machines,
      store: this.#store,
      dispatch: this.#dispatch,
      removals: this.#removals,
      adding: this.adding,
      view: this.view,
      disk: this.#disk,
      dir: () => this.downloadDir,
      settings: () => maskedSettings(this.#settings),
      wholeSettings: () => this.#settings,
      changeSettings: (change) => this.#changeSettings(unmaskedChange(change, this.#settings)),
      listChanged: () => this.#listChanged(),
      startDemo: options.startDemo,
    });
    recover({ store: this.#store, removals: this.#removals, adding: this.adding, notes, now });
    this.#every(SHARE_MS, () => {
      this.#share();
      if (this.#started && !this.#closing) this.#poolSize.look();
    });
    this.#every(FILES_MS, () => this.#workerSettings.lookAtFiles());
    this.#every(ROOM_MS, () => resumeWhereRoomIs(this.#store, this.#disk) && this.#listChanged());
    this.#every(BACKUP_CHECK_MS, () => backUp(this.#store, now(), BACKUP_AGE_MS));
  }

  /** Starts the workers. Until then the list can be read and changed, but nothing downloads. */
  start(): void {
    this.#started = true;
    this.#sizePool();
    this.#hashLater.start();
  }

  #sizePool(): void {
    if (this.#started && !this.#closing) this.#poolSize.fit();
  }

  /** Where downloads go that name no folder. */
  get downloadDir(): string {
    return this.#sorting.downloadDir;
  }

  /** Where tasks are put, leased and settled. */
  get queue(): TaskQueue {
    return this.#dispatch;
  }

  /** Nothing is running, nothing waits to run and nothing is left to hash. */
  get idle(): boolean {
    if (this.#dispatch.leases.size > 0 || this.#hashLater.busy) return false;
    const { queued, running } = this.#store.list.counts();
    return queued === 0 && running === 0;
  }

  /** Whether a finished download is told of later, with its hash. */
  tellsLater(id: DownloadId): boolean {
    return this.#hashLater.tellsLater(id);
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    return this.#events.on(listener);
  }

  /** Tells of every download as it is added, started, done or failed; progress comes ten times a second. */
  onSignal(listener: (signal: Signal) => void): () => void {
    return this.queue.watch(listener);
  }

  /** Takes in a worker of another machine; `place` is its own name for itself, the same each time it comes. A closed engine closes the port. */
  attachWorker(port: Port, place: string, address = ''): void {
    return this.#closing ? port.close() : this.#pool.attach(port, place, address);
  }

  /** Stops all work with everything durable and closes the list. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#changed);
    this.#removals.stop();
    for (const link of this.#pool.links.values()) if (link.kind === 'remote') this.machines.left(link);
    await this.#pool.close(STOP_GRACE_MS);
    this.#dispatch.close();
    await this.#hashLater.stop();
    this.machines.write();
    this.#store.close();
  }

  #welcome(link: WorkerLink): void {
    this.machines.joined(link);
    link.welcome(this.#workerSettings.current);
    this.#share();
  }

  /** Moves the speed limits to where they are used, as the clock says. */
  #share(): void {
    const resting = this.#limits.scheduled?.kind === 'N';
    if (resting !== this.#resting) {
      this.#resting = resting;
      if (resting) this.#dispatch.recall([...this.#dispatch.leases.keys()], 'requeue');
      else this.#dispatch.kick();
      this.#progressed();
    }
    this.#limits.share();
  }

  #changeSettings(change: Partial<Settings>): Settings {
    const before = this.#settings;
    this.#store.settings.save(change);
    this.#settings = { ...before, ...change };
    if (change.categories) this.#sorting.sortAnew(before.categories, this.#store, this.#dispatch);
    this.#sizePool();
    this.#workerSettings.send();
    this.#share();
    this.#hashLater.look();
    this.#dispatch.recallAhead();
    this.#dispatch.kick();
    const told = maskedSettings(this.#settings);
    this.#events.tell({ event: 'settings', settings: told });
    this.#progressed();
    return told;
  }

  #listChanged(): void {
    this.#sizePool();
    this.#hashLater.look();
    this.#dispatch.listChanged();
    this.#progressed();
  }

  #progressed(): void {
    if (this.#changed || this.#closing || this.#events.size + this.#signals.size === 0) return;
    this.#changed = setTimeout(() => {
      this.#changed = undefined;
      const running = this.view.running();
      for (const { id, url, name, doneBytes, sizeBytes, bytesPerS } of running) {
        this.#signals.tell({ event: 'progress', id, url, name, doneBytes, sizeBytes, bytesPerS });
      }
      if (this.#events.size === 0) return;
      this.#events.tell({
        event: 'changed',
        revision: this.#dispatch.revision,
        counts: this.view.counts(),
        totals: this.view.totals(),
        running,
      });
    }, CHANGED_MS);
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms));
  }
}
