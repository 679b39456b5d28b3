// A connection that the direct lane gives away: it brings its answer again from the first byte, for a client that can read it.
// Asking a second time would lose what a URL that works only once has sent already.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class Replay extends Duplex {
  readonly #socket: Socket;

  /** `soFar`: the answer as far as it has come. What comes from now on is to be pushed. */
  constructor(socket: Socket, soFar: Buffer) {
    super();
    this.#socket = socket;
    // Whoever reads it is told; until then nobody is.
    this.on('error', () => {});
    this.push(soFar);
  }

  /** An agent that has this connection and no other. */
  agent(secure: boolean): http.Agent {
    const agent = secure ? new https.Agent() : new http.Agent();
    return Object.assign(agent, { createConnection: () => this });
  }

  /** What an HTTP client calls after the answer. */
  destroySoon(): void {
    this.destroy();
  }

  /** Clients call it as they would a socket's; whoever reads the body minds the time. */
  setTimeout(): this {
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  /** The request was sent already. */
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
