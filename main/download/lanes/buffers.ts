// Large buffers that sockets read into and files are written from, used again and again.

export const BUFFER_BYTES = 1 << 20;
const KEPT_MAX = 32;

export class Buffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  giveBack(buffer: Buffer): void {
    if (this.#free.length < KEPT_MAX) this.#free.push(buffer);
  }
}
