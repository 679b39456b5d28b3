// Writes Python pickles: plain data, tuples, and exceptions of the standard library.

/** An array that Python shall see as a tuple; a bare array becomes a list. */
export class Tuple {
  readonly items: readonly PyValue[];
  constructor(...items: readonly PyValue[]) {
    this.items = items;
  }
}

/** An exception that the reader raises: `new PyException('queue', 'Empty')`. */
export class PyException {
  readonly module: string;
  readonly name: string;
  readonly args: readonly PyValue[];
  constructor(module: string, name: string, ...args: readonly PyValue[]) {
    this.module = module;
    this.name = name;
    this.args = args;
  }
}

/** What can be written. Whole numbers become int, others float. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PyValue[]
  | Tuple
  | PyException
  | { readonly [key: string]: PyValue };

/** One pickle of protocol 4, which Python reads from 3.4 on. */
export function pickle(value: PyValue): Buffer {
  const writer = new Writer();
  writer.op(0x80);
  writer.op(4);
  writer.value(value);
  writer.op(op.stop);
  return writer.written();
}

const op = {
  stop: 0x2e,
  none: 0x4e,
  true: 0x88,
  false: 0x89,
  mark: 0x28,
  tuple: 0x74,
  emptyList: 0x5d,
  appends: 0x65,
  emptyDict: 0x7d,
  setItems: 0x75,
  reduce: 0x52,
  global: 0x63,
  int: 0x4a,
  long: 0x8a,
  float: 0x47,
  text: 0x58,
  bytes: 0x42,
} as const;

/** Enough for most answers. */
const FIRST_BYTES = 256;

class Writer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  value(value: PyValue): void {
    if (value === null) this.op(op.none);
    else if (typeof value === 'boolean') this.op(value ? op.true : op.false);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'bigint') this.#longInt(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#binary(value);
    else if (value instanceof Tuple) this.#tuple(value.items);
    else if (value instanceof PyException) this.#exception(value);
    else if (isList(value)) this.#all(op.emptyList, value, op.appends);
    else this.#all(op.emptyDict, Object.entries(value).flat(), op.setItems);
  }

  op(code: number): void {
    const at = this.#room(1);
    this.#bytes[at] = code;
  }

  /** Makes room for `count` bytes, maybe in another buffer; where they go. */
  #room(count: number): number {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(2 * this.#at);
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    return start;
  }

  #all(empty: number, items: readonly PyValue[], close: number): void {
    this.op(empty);
    this.op(op.mark);
    for (const item of items) this.value(item);
    this.op(close);
  }

  #tuple(items: readonly PyValue[]): void {
    this.op(op.mark);
    for (const item of items) this.value(item);
    this.op(op.tuple);
  }

  #exception({ module, name, args }: PyException): void {
    this.op(op.global);
    const line = `${module}\n${name}\n`;
    const at = this.#room(Buffer.byteLength(line));
    this.#bytes.write(line, at);
    this.#tuple(args);
    this.op(op.reduce);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.op(op.float);
      const at = this.#room(8);
      this.#bytes.writeDoubleBE(value, at);
    } else if (value < -0x80000000 || value > 0x7fffffff) this.#longInt(BigInt(value));
    else {
      this.op(op.int);
      const at = this.#room(4);
      this.#bytes.writeInt32LE(value, at);
    }
  }

  #longInt(value: bigint): void {
    let count = 8;
    while (BigInt.asIntN(count * 8, value) !== value) count += 8;
    if (count > 255) throw new RangeError('The integer is too big.');
    const hex = BigInt.asUintN(count * 8, value)
      .toString(16)
      .padStart(count * 2, '0');
    this.op(op.long);
    this.op(count);
    const at = this.#room(count);
    this.#bytes.set(Buffer.from(hex, 'hex').reverse(), at);
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#length(op.text, length);
    const at = this.#room(length);
    this.#bytes.write(value, at);
  }

  #binary(value: Uint8Array): void {
    this.#length(op.bytes, value.length);
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  #length(code: number, length: number): void {
    this.op(code);
    const at = this.#room(4);
    this.#bytes.writeUInt32LE(length, at);
  }
}

// Array.isArray does not narrow a readonly array.
function isList(value: readonly PyValue[] | { readonly [key: string]: PyValue }): value is readonly PyValue[] {
  return Array.isArray(value);
}
