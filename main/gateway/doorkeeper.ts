// Who may come in at a listening port and how fast: caps on strangers and guests, the same slow no for every wrong key.
import { isIPv4, type Socket } from 'node:net';
import { countedFor, plainAddress } from './address.ts';
import { Allowance } from './allowance.ts';

/** What holds for one address holds for one network of IPv6 (see `countedFor`). */
export interface DoorLimits {
  /** Connections that have logged in. */
  maxGuests: number;
  /** Connections that have not; on loopback the oldest makes room for a new one. */
  maxStrangers: number;
  maxStrangersPerAddress: number;
  /** New connections a second from one address of the network, after a burst of twice as many. */
  connectionsPerS: number;
  /** Time to log in, in ms. */
  loginTimeoutMs: number;
  /**
   * A wrong key is answered this long after the connection came, in ms; doubled with each one from the same address. Until
   * then nobody else from there is heard, unless it is this machine.
   */
  refusalMs: number;
  maxRefusalMs: number;
}

const defaultDoorLimits: Readonly<DoorLimits> = {
  maxGuests: 256,
  maxStrangers: 256,
  maxStrangersPerAddress: 32,
  connectionsPerS: 1000,
  loginTimeoutMs: 5_000,
  refusalMs: 250,
  maxRefusalMs: 10_000,
};

/** What happened at a door since it was opened, and who is in now. */
export interface DoorCounts {
  guests: number;
  strangers: number;
  /** Logins that worked, ever. */
  logins: number;
  wrongKeys: number;
  /** Turned away unheard: over a cap, too fast, or silent for too long. */
  turnedAway: number;
}

/** How many addresses are remembered; the least recent go first. */
const MAX_ADDRESSES = 4096;
/** After this long without a wrong key an address starts afresh. */
const FORGET_MS = 10 * 60_000;

interface AddressRecord {
  strangers: number;
  wrongKeys: number;
  wrongAt: number;
  /** Nobody from there is heard before. */
  closedUntil: number;
}

/** One connection at the door. It is a stranger until `welcome`. */
export interface Visitor {
  readonly address: string;
  /** The login worked. False (and the connection is gone) when the house is full. */
  welcome(): boolean;
  /** The login failed: resolves when the answer may go out; the caller then sends it and ends the connection. */
  refuse(): Promise<void>;
}

export class Doorkeeper {
  readonly #limits: DoorLimits;
  readonly #pace: Allowance;
  readonly #addresses = new Map<string, AddressRecord>();
  /** Oldest first. */
  readonly #strangers = new Set<Socket>();
  readonly #guests = new Set<Socket>();
  #logins = 0;
  #wrongKeys = 0;
  #turnedAway = 0;

  constructor(limits: Partial<DoorLimits> = {}) {
    this.#limits = { ...defaultDoorLimits, ...limits };
    this.#pace = new Allowance(this.#limits.connectionsPerS);
  }

  counts(): DoorCounts {
    return {
      guests: this.#guests.size,
      strangers: this.#strangers.size,
      logins: this.#logins,
      wrongKeys: this.#wrongKeys,
      turnedAway: this.#turnedAway,
    };
  }

  /** Destroys every connection that came in here. */
  sendAllAway(): void {
    for (const socket of [...this.#strangers, ...this.#guests]) socket.destroy();
  }

  /** Destroys the connections that have not logged in. */
  sendStrangersAway(): void {
    for (const socket of [...this.#strangers]) socket.destroy();
  }

  /** Lets a new connection try to log in, or destroys it and returns null. */
  admit(socket: Socket): Visitor | null {
    const limits = this.#limits;
    const address = plainAddress(socket.remoteAddress);
    const record = this.#record(countedFor(address));
    if (!this.#mayTry(address, record)) return this.#turnAway(socket);
    const cameAt = Date.now();
    let state: 'stranger' | 'guest' | 'gone' = 'stranger';
    this.#strangers.add(socket);
    record.strangers++;
    const silence = setTimeout(() => this.#turnAway(socket), limits.loginTimeoutMs);

    const leaveStrangers = (): void => {
      clearTimeout(silence);
      if (this.#strangers.delete(socket)) record.strangers--;
    };
    socket.once('close', () => {
      if (state === 'stranger') leaveStrangers();
      this.#guests.delete(socket);
      state = 'gone';
    });

    return {
      address,
      welcome: () => {
        if (state !== 'stranger' || socket.destroyed) return false;
        if (this.#guests.size >= limits.maxGuests) {
          this.#turnAway(socket);
          return false;
        }
        leaveStrangers();
        state = 'guest';
        this.#guests.add(socket);
        this.#logins++;
        record.wrongKeys = 0;
        record.closedUntil = 0;
        return true;
      },
      refuse: () => {
        clearTimeout(silence);
        this.#wrongKeys++;
        record.wrongKeys++;
        record.wrongAt = Date.now();
        const waitMs = Math.min(limits.maxRefusalMs, limits.refusalMs * 2 ** Math.max(0, record.wrongKeys - 3));
        const elapsedMs = record.wrongAt - cameAt;
        // A slow peer is answered at the next full turn, so that the time says nothing of what was wrong.
        const leftMs = waitMs * Math.max(1, Math.ceil(elapsedMs / waitMs)) - elapsedMs;
        // One that hangs up instead of waiting gains nothing.
        record.closedUntil = Math.max(record.closedUntil, record.wrongAt + leftMs);
        return new Promise((resolve) => {
          const timer = setTimeout(resolve, leftMs);
          socket.once('close', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      },
    };
  }

  #mayTry(address: string, record: AddressRecord): boolean {
    const limits = this.#limits;
    if (isLoopback(address)) {
      // Programs of this machine share one address, so none of them may shut the others out.
      if (this.#strangers.size >= limits.maxStrangers) this.#makeRoom();
      return true;
    }
    if (!this.#pace.take(address) || Date.now() < record.closedUntil) return false;
    return this.#strangers.size < limits.maxStrangers && record.strangers < limits.maxStrangersPerAddress;
  }

  #makeRoom(): void {
    for (const socket of this.#strangers) {
      // One that was destroyed a moment ago is still in the list, but no longer in the way.
      if (!socket.destroyed) return void this.#turnAway(socket);
    }
  }

  #turnAway(socket: Socket): null {
    this.#turnedAway++;
    socket.destroy();
    return null;
  }

  #record(who: string): AddressRecord {
    const now = Date.now();
    let record = this.#addresses.get(who);
    if (record) this.#addresses.delete(who);
    record ??= { strangers: 0, wrongKeys: 0, wrongAt: 0, closedUntil: 0 };
    if (now - record.wrongAt > FORGET_MS) record.wrongKeys = 0;
    this.#addresses.set(who, record);
    for (const [oldest, { strangers }] of this.#addresses) {
      if (this.#addresses.size <= MAX_ADDRESSES) break;
      if (strangers === 0) this.#addresses.delete(oldest);
    }
    return record;
  }
}

/** Whether an address belongs to this machine alone. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || (isIPv4(address) && address.startsWith('127.'));
}
