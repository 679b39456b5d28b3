// The stack, memo and input of a pickle that is being read; knows the values but not the operations.

/** What a pickle may hold. Lists and tuples are arrays, dicts are Maps, integers beyond 2^53 are bigints, bytes are Buffers. */
export type PyData =
  null | boolean | number | bigint | string | Buffer | PyData[] | Map<PyData, PyData> | Set<PyData> | PyObject;

/** An instance of a class that the reader named as harmless: what it was made of, as data. */
export class PyObject {
  /** Module and name, `queue.Empty`. */
  readonly name: string;
  readonly args: PyData[];
  state: PyData = null;
  constructor(name: string, args: PyData[]) {
    this.name = name;
    this.args = args;
  }
}

/** The pickle is broken, over a limit, or more than data. */
export class PickleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PickleError';
  }
}

/** A harmless class by name; only instances of it may leave the stack. */
class ClassName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const MARK = Symbol('mark');
type Slot = PyData | ClassName | typeof MARK;

/** Longer integers are refused: turning them into text is slow. */
const MAX_INT_BYTES = 256;

export class PickleStack {
  readonly #bytes: Buffer;
  readonly #classes: ReadonlySet<string>;
  readonly #slots: Slot[] = [];
  readonly #memo = new Map<number, Slot>();
  #at = 0;

  constructor(bytes: Buffer, classes: ReadonlySet<string>) {
    this.#bytes = bytes;
    this.#classes = classes;
  }

  // Input

  take(count: number): Buffer {
    return this.#bytes.subarray(this.#at, this.skip(count));
  }

  /** Goes on behind the next `count` bytes; where that is. */
  skip(count: number): number {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new PickleError('The pickle ends too early.');
    return (this.#at = end);
  }

  u8(): number {
    if (this.#at >= this.#bytes.length) throw new PickleError('The pickle ends too early.');
    return this.#bytes[this.#at++]!;
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  /** A length of 8 bytes. */
  u64(): number {
    const value = this.take(8).readBigUInt64LE();
    if (value > this.#bytes.length) throw new PickleError('The pickle ends too early.');
    return Number(value);
  }

  /** Up to the end of the line, as protocol 0 writes it. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new PickleError('The pickle ends too early.');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  text(count: number): string {
    const start = this.#at;
    const end = this.skip(count);
    const text = this.#bytes.toString('utf8', start, end);
    if (text.includes('\ufffd') && !Buffer.from(text).equals(this.#bytes.subarray(start, end)))
      throw new PickleError('A text is not valid UTF-8.');
    return text;
  }

  /** A signed little-endian integer of `count` bytes. */
  int(count: number): number | bigint {
    if (count > MAX_INT_BYTES) throw new PickleError('An integer is too big.');
    if (count === 0) return 0;
    const hex = Buffer.from(this.take(count)).reverse().toString('hex');
    return narrow(BigInt.asIntN(count * 8, BigInt(`0x${hex}`)));
  }

  /** A decimal integer as protocol 0 writes it: `01` is True there. */
  decimal(): number | bigint | boolean {
    const text = this.line();
    if (text === '00' || text === '01') return text === '01';
    if (!/^-?\d{1,300}L?$/.test(text)) throw new PickleError('An integer is none.');
    return narrow(BigInt(text.replace('L', '')));
  }

  // Stack

  push(slot: Slot): void {
    this.#slots.push(slot);
  }

  mark(): void {
    this.#slots.push(MARK);
  }

  pop(): Slot {
    const slot = this.#slots.pop();
    if (slot === undefined) throw new PickleError('The pickle takes from an empty stack.');
    return slot;
  }

  value(): PyData {
    return asValue(this.pop());
  }

  /** The last `count` values, oldest first. */
  values(count: number): PyData[] {
    if (this.#slots.length < count) throw new PickleError('The pickle takes from an empty stack.');
    return this.#valuesFrom(this.#slots.length - count);
  }

  /** The values above the last mark, which goes too. */
  valuesToMark(): PyData[] {
    const from = this.#slots.lastIndexOf(MARK);
    if (from < 0) throw new PickleError('The pickle misses a mark.');
    const values = this.#valuesFrom(from + 1);
    this.#slots.pop();
    return values;
  }

  #valuesFrom(first: number): PyData[] {
    const values: PyData[] = [];
    for (let n = first; n < this.#slots.length; n++) values.push(asValue(this.#slots[n]!));
    this.#slots.length = first;
    return values;
  }

  dup(): void {
    this.push(this.#top());
  }

  keep(index: number): void {
    this.#memo.set(index, this.#top());
  }

  /** Keeps the top under the next free number. */
  keepNext(): void {
    this.keep(this.#memo.size);
  }

  recall(index: number): void {
    const slot = this.#memo.get(index);
    if (slot === undefined) throw new PickleError('The pickle recalls what it never kept.');
    this.push(slot);
  }

  // Containers and instances

  append(items: PyData[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new PickleError('The pickle appends to what is no list.');
    for (const item of items) list.push(item);
  }

  addToSet(items: PyData[]): void {
    const set = this.#top();
    if (!(set instanceof Set)) throw new PickleError('The pickle adds to what is no set.');
    for (const item of items) set.add(item);
  }

  setItems(items: PyData[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw new PickleError('The pickle sets items of what is no dict.');
    fillMap(dict, items);
  }

  pushDict(items: PyData[]): void {
    this.push(fillMap(new Map(), items));
  }

  pushClass(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (!this.#classes.has(full)) throw new PickleError(`Only plain data is taken; ${full.slice(0, 200)} was refused.`);
    this.push(new ClassName(full));
  }

  /** `Class(*args)` or `Class.__new__(Class, *args)`. */
  makeInstance(): void {
    const args = this.value();
    const made = this.pop();
    if (!(made instanceof ClassName) || !Array.isArray(args))
      throw new PickleError('Only plain data is taken; a call was refused.');
    this.push(new PyObject(made.name, args));
  }

  build(): void {
    const state = this.value();
    const object = this.#top();
    if (!(object instanceof PyObject)) throw new PickleError('The pickle gives a state to what has none.');
    object.state = state;
  }

  #top(): Slot {
    const slot = this.#slots[this.#slots.length - 1];
    if (slot === undefined) throw new PickleError('The pickle takes from an empty stack.');
    return slot;
  }
}

function asValue(slot: Slot): PyData {
  if (slot === MARK) throw new PickleError('The pickle has a mark where a value should be.');
  if (slot instanceof ClassName) throw new PickleError(`Only plain data is taken; the class ${slot.name} was refused.`);
  return slot;
}

function fillMap(map: Map<PyData, PyData>, items: PyData[]): Map<PyData, PyData> {
  if (items.length % 2 !== 0) throw new PickleError('The pickle has a key without a value.');
  for (let n = 0; n < items.length; n += 2) map.set(items[n]!, items[n + 1]!);
  return map;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
