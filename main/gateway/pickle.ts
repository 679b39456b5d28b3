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
  const parts: Buffer[] = [START];
  write(value, parts);
  parts.push(STOP);
  return Buffer.concat(parts);
}

const START = Buffer.from([0x80, 4]);
const STOP = Buffer.from('.');
const op = {
  none: Buffer.from('N'),
  true: Buffer.from([0x88]),
  false: Buffer.from([0x89]),
  mark: Buffer.from('('),
  tuple: Buffer.from('t'),
  emptyList: Buffer.from(']'),
  appends: Buffer.from('e'),
  emptyDict: Buffer.from('}'),
  setItems: Buffer.from('u'),
  reduce: Buffer.from('R'),
} as const;

function write(value: PyValue, parts: Buffer[]): void {
  if (value === null) parts.push(op.none);
  else if (typeof value === 'boolean') parts.push(value ? op.true : op.false);
  else if (typeof value === 'number') parts.push(Number.isSafeInteger(value) ? int(value) : float(value));
  else if (typeof value === 'bigint') parts.push(longInt(value));
  else if (typeof value === 'string') parts.push(text(value));
  else if (value instanceof Uint8Array) parts.push(head(0x42, value.length), Buffer.from(value));
  else if (value instanceof Tuple) writeTuple(value.items, parts);
  else if (value instanceof PyException) writeException(value, parts);
  else if (isList(value)) writeAll(op.emptyList, value, op.appends, parts);
  else writeAll(op.emptyDict, Object.entries(value).flat(), op.setItems, parts);
}

// Array.isArray does not narrow a readonly array.
function isList(value: readonly PyValue[] | { readonly [key: string]: PyValue }): value is readonly PyValue[] {
  return Array.isArray(value);
}

function writeAll(empty: Buffer, items: readonly PyValue[], close: Buffer, parts: Buffer[]): void {
  parts.push(empty, op.mark);
  for (const item of items) write(item, parts);
  parts.push(close);
}

function writeTuple(items: readonly PyValue[], parts: Buffer[]): void {
  parts.push(op.mark);
  for (const item of items) write(item, parts);
  parts.push(op.tuple);
}

function writeException({ module, name, args }: PyException, parts: Buffer[]): void {
  parts.push(Buffer.from(`c${module}\n${name}\n`));
  writeTuple(args, parts);
  parts.push(op.reduce);
}

function int(value: number): Buffer {
  if (value < -0x80000000 || value > 0x7fffffff) return longInt(BigInt(value));
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = 0x4a;
  bytes.writeInt32LE(value, 1);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = 0x47;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function longInt(value: bigint): Buffer {
  let count = 8;
  while (BigInt.asIntN(count * 8, value) !== value) count += 8;
  if (count > 255) throw new RangeError('The integer is too big.');
  const hex = BigInt.asUintN(count * 8, value)
    .toString(16)
    .padStart(count * 2, '0');
  return Buffer.concat([Buffer.from([0x8a, count]), Buffer.from(hex, 'hex').reverse()]);
}

function text(value: string): Buffer {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(5 + length);
  bytes[0] = 0x58;
  bytes.writeUInt32LE(length, 1);
  bytes.write(value, 5, 'utf8');
  return bytes;
}

function head(code: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = code;
  bytes.writeUInt32LE(length, 1);
  return bytes;
}
