// Reads Python pickles as data and as nothing else: no code of the sender is looked up, imported or run.
import { PickleError, PickleStack, PyObject, type PyData } from './pickle-stack.ts';

export interface UnpickleOptions {
  /** Classes, as `module.name`, whose instances come out as `PyObject`; every other global is refused. */
  classes?: ReadonlySet<string>;
  maxDepth?: number;
  /** Operations of the pickle, and values that it describes with shared ones counted each time. */
  maxItems?: number;
  /** Bytes of all texts and byte strings that it describes, shared ones counted each time. */
  maxTextBytes?: number;
}

/** Reads one pickle of protocol 0 to 5 (PEP 3154, PEP 574 without out-of-band buffers). Throws a PickleError. */
export function unpickle(bytes: Buffer, options: UnpickleOptions = {}): PyData {
  const { classes = new Set(), maxDepth = 100, maxItems = 100_000, maxTextBytes = 32 * 1024 * 1024 } = options;
  const stack = new PickleStack(bytes, classes);
  for (let steps = 0; steps <= maxItems; steps++) {
    const code = stack.u8();
    if (code === STOP) {
      const value = stack.value();
      limit(value, maxDepth, maxItems, maxTextBytes);
      return value;
    }
    const operation = operations[code];
    if (!operation) throw new PickleError(`The pickle operation 0x${code.toString(16)} is not taken.`);
    operation(stack);
  }
  throw new PickleError(`The pickle has more than ${maxItems} parts.`);
}

/** Refuses what is too deep, cyclic, or grows huge by naming the same part again and again. */
function limit(root: PyData, maxDepth: number, maxItems: number, maxTextBytes: number): void {
  let items = 1;
  let textBytes = 0;
  const look = (value: PyData, depth: number): void => {
    if (typeof value === 'string' || Buffer.isBuffer(value)) {
      textBytes += value.length;
      if (textBytes > maxTextBytes) throw new PickleError(`The pickle describes more than ${maxTextBytes} bytes.`);
    }
    const parts = partsOf(value);
    if (!parts) return;
    items += parts.length;
    if (items > maxItems) throw new PickleError(`The pickle has more than ${maxItems} parts.`);
    if (depth >= maxDepth) throw new PickleError(`The pickle is nested deeper than ${maxDepth}.`);
    for (const part of parts) look(part, depth + 1);
  };
  look(root, 0);
}

function partsOf(value: PyData): PyData[] | null {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  if (value instanceof PyObject) return [value.args, value.state];
  return null;
}

function decodeFloat(text: string): number {
  const value = text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text);
  if (Number.isNaN(value) && text !== 'nan') throw new PickleError('A float is none.');
  return value;
}

/** Protocol 0 writes text as Latin-1 with `\uXXXX` and `\UXXXXXXXX` for the rest. */
function unescapeText(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_all, short?: string, long?: string) => {
    const point = parseInt(short ?? long!, 16);
    if (point > 0x10ffff) throw new PickleError('A text is not valid.');
    return String.fromCodePoint(point);
  });
}

const STOP = 0x2e;
const code = (op: string): number => op.charCodeAt(0);

/** What each operation does; those that are missing are refused. */
const operations: Readonly<Record<number, (stack: PickleStack) => void>> = {
  // Frame of the pickle. A frame is only a hint for buffering.
  0x80: (s) => {
    const protocol = s.u8();
    if (protocol > 5) throw new PickleError(`Pickle protocol ${protocol} is not known.`);
  },
  0x95: (s) => void s.skip(8),

  // Plain values
  [code('N')]: (s) => s.push(null),
  0x88: (s) => s.push(true),
  0x89: (s) => s.push(false),
  [code('I')]: (s) => s.push(s.decimal()),
  [code('L')]: (s) => s.push(s.decimal()),
  [code('J')]: (s) => s.push(s.take(4).readInt32LE()),
  [code('K')]: (s) => s.push(s.u8()),
  [code('M')]: (s) => s.push(s.take(2).readUInt16LE()),
  0x8a: (s) => s.push(s.int(s.u8())),
  0x8b: (s) => s.push(s.int(s.u32())),
  [code('F')]: (s) => s.push(decodeFloat(s.line())),
  [code('G')]: (s) => s.push(s.take(8).readDoubleBE()),
  [code('V')]: (s) => s.push(unescapeText(s.line())),
  0x8c: (s) => s.push(s.text(s.u8())),
  [code('X')]: (s) => s.push(s.text(s.u32())),
  0x8d: (s) => s.push(s.text(s.u64())),
  [code('C')]: (s) => s.push(s.take(s.u8())),
  [code('B')]: (s) => s.push(s.take(s.u32())),
  0x8e: (s) => s.push(s.take(s.u64())),
  0x96: (s) => s.push(Buffer.from(s.take(s.u64()))),

  // Containers
  [code('(')]: (s) => s.mark(),
  [code(')')]: (s) => s.push([]),
  0x85: (s) => s.push(s.values(1)),
  0x86: (s) => s.push(s.values(2)),
  0x87: (s) => s.push(s.values(3)),
  [code('t')]: (s) => s.push(s.valuesToMark()),
  [code(']')]: (s) => s.push([]),
  [code('l')]: (s) => s.push(s.valuesToMark()),
  [code('a')]: (s) => s.append(s.values(1)),
  [code('e')]: (s) => s.append(s.valuesToMark()),
  [code('}')]: (s) => s.pushDict([]),
  [code('d')]: (s) => s.pushDict(s.valuesToMark()),
  [code('s')]: (s) => s.setItems(s.values(2)),
  [code('u')]: (s) => s.setItems(s.valuesToMark()),
  0x8f: (s) => s.push(new Set()),
  0x90: (s) => s.addToSet(s.valuesToMark()),
  0x91: (s) => s.push(new Set(s.valuesToMark())),

  // Stack and memo
  [code('0')]: (s) => void s.pop(),
  [code('1')]: (s) => void s.valuesToMark(),
  [code('2')]: (s) => s.dup(),
  0x94: (s) => s.keepNext(),
  [code('p')]: (s) => s.keep(Number(s.line())),
  [code('q')]: (s) => s.keep(s.u8()),
  [code('r')]: (s) => s.keep(s.u32()),
  [code('g')]: (s) => s.recall(Number(s.line())),
  [code('h')]: (s) => s.recall(s.u8()),
  [code('j')]: (s) => s.recall(s.u32()),

  // Instances of the classes that were named as harmless
  [code('c')]: (s) => s.pushClass(s.line(), s.line()),
  0x93: (s) => {
    const [module, name] = s.values(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw new PickleError('A class has no name.');
    s.pushClass(module, name);
  },
  [code('R')]: (s) => s.makeInstance(),
  0x81: (s) => s.makeInstance(),
  [code('b')]: (s) => s.build(),
};
