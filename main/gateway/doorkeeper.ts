// Who may come in at a listening port and how fast: caps on strangers and guests, the same slow no for every wrong key.
import { isIPv4, type Socket } from 'node:net';
import { countedFor, plainAddress } from './address.ts';
import { Allowance } from './allowance.ts';

/** Each address of IPv6 counts for itself, and all of its network (see `countedFor`) together: they may do some times as much. */
export interface DoorLimits {
  /** Connections that have logged in. */
  maxGuests: number;
  /** Connections that have not; on loopback the oldest makes room for a new one. */
  maxStrangers: number;
  maxStrangersPerAddress: number;
  /** New connections a second from one address, of IPv6 from one network, after a burst of twice as many. */
  connectionsPerS: number;
  /** Time to log in, in ms. */
  loginTimeoutMs: number;
  /**
   * A wrong key is answered this long after the connection came, in ms; doubled with each one from the same address. Until
   * then nobody else with that address is heard, unless it is this machine.
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

/** So many wrong keys cost an address no more than the shortest wait. */
const FREE_WRONG_KEYS = 3;
/** Those of so many addresses close a network to all in it: one machine could take every address there. */
const NETWORK_FREE_WRONG_KEYS = 16 * FREE_WRONG_KEYS;
/** A network's connections that have not logged in are at most so many times those of an address. */
const NETWORK_STRANGERS = 2;
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
  /** By address, those of IPv6 by network. */
  readonly #addresses = new Map<string, AddressRecord>();
  /** By single address of IPv6. Apart: whoever has a network has so many of them that all others would be forgotten. */
  readonly #members = new Map<string, AddressRecord>();
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
    const who = countedFor(address);
    const all = record(this.#addresses, who);
    const own = who === address ? all : record(this.#members, address);
    const both = new Set([own, all]);
    if (!this.#mayTry(address, own, all)) return this.#turnAway(socket);
    const cameAt = Date.now();
    let state: 'stranger' | 'guest' | 'gone' = 'stranger';
    this.#strangers.add(socket);
    for (const one of both) one.strangers++;
    const silence = setTimeout(() => this.#turnAway(socket), limits.loginTimeoutMs);

    const leaveStrangers = (): void => {
      clearTimeout(silence);
      if (this.#strangers.delete(socket)) for (const one of both) one.strangers--;
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
        for (const one of both) one.wrongKeys = one.closedUntil = 0;
        return true;
      },
      refuse: () => {
        clearTimeout(silence);
        this.#wrongKeys++;
        const now = Date.now();
        // One address that goes on and on shuts itself out, and not the others of its network.
        for (const one of own.wrongKeys < FREE_WRONG_KEYS ? both : [own]) one.wrongKeys++;
        // A network is not forgotten while any of it guesses: else more and more of its addresses could.
        for (const one of both) one.wrongAt = now;
        const doublings = Math.max(0, own.wrongKeys - FREE_WRONG_KEYS, all.wrongKeys - NETWORK_FREE_WRONG_KEYS);
        const waitMs = Math.min(limits.maxRefusalMs, limits.refusalMs * 2 ** doublings);
        const elapsedMs = now - cameAt;
        // A slow peer is answered at the next full turn, so that the time says nothing of what was wrong.
        const leftMs = waitMs * Math.max(1, Math.ceil(elapsedMs / waitMs)) - elapsedMs;
        // One that hangs up instead of waiting gains nothing.
        for (const one of all.wrongKeys > NETWORK_FREE_WRONG_KEYS ? both : [own]) {
          one.closedUntil = Math.max(one.closedUntil, now + leftMs);
        }
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

  #mayTry(address: string, own: AddressRecord, all: AddressRecord): boolean {
    const limits = this.#limits;
    if (isLoopback(address)) {
      // Programs of this machine share one address, so none of them may shut the others out.
      if (this.#strangers.size >= limits.maxStrangers) this.#makeRoom();
      return true;
    }
    if (!this.#pace.take(address) || Date.now() < Math.max(own.closedUntil, all.closedUntil)) return false;
    if (own.strangers >= limits.maxStrangersPerAddress) return false;
    if (all.strangers >= limits.maxStrangersPerAddress * NETWORK_STRANGERS) return false;
    return this.#strangers.size < limits.maxStrangers;
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
}

/** What is remembered of somebody, who comes now. */
function record(records: Map<string, AddressRecord>, who: string): AddressRecord {
  const known = records.get(who) ?? { strangers: 0, wrongKeys: 0, wrongAt: 0, closedUntil: 0 };
  if (Date.now() - known.wrongAt > FORGET_MS) known.wrongKeys = 0;
  records.delete(who);
  records.set(who, known);
  for (const [oldest, { strangers }] of records) {
    if (records.size <= MAX_ADDRESSES) break;
    if (strangers === 0) records.delete(oldest);
  }
  return known;
}

/** Whether an address belongs to this machine alone. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || (isIPv4(address) && address.startsWith('127.'));
}
