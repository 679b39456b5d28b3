// Pickles against the real Python: what it writes is read, what we write it reads, what could run is refused.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PickleError, PyObject } from '../../../main/gateway/python/pickle-stack.ts';
import { pickle, PyException, Tuple, type PyValue } from '../../../main/gateway/python/pickle.ts';
import { unpickle } from '../../../main/gateway/python/unpickle.ts';
import { python, testWithPython } from '../pythons.ts';

const run = (program: string, input?: string | Buffer): string =>
  execFileSync(python, ['-c', program], { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** Evaluates a Python expression and pickles the value; returns it once for each protocol named. */
function written(expression: string, protocols: number[]): Buffer[] {
  const lines = run(
    `import pickle, queue, os, sys, base64, datetime, collections, functools, subprocess
from multiprocessing.managers import Token
class Run:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call
for p in ${JSON.stringify(protocols)}: print(base64.b64encode(pickle.dumps(${expression}, p)).decode())`,
  );
  return lines
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'base64'));
}

testWithPython.each([
  ['None', null],
  ['[True, False]', [true, false]],
  [
    '[0, 1, -1, 255, 256, 65535, 65536, -2**31, 2**31, 2**53 - 1, -2**40]',
    [0, 1, -1, 255, 256, 65535, 65536, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, -(2 ** 40)],
  ],
  ['[2**53, -2**200]', [2n ** 53n, -(2n ** 200n)]],
  ['[0.5, -1e300, float("inf")]', [0.5, -1e300, Infinity]],
  ['["", "a", "下载🙂\\n\\\\u1234", "x" * 70000]', ['', 'a', '下载🙂\n\\u1234', 'x'.repeat(70000)]],
  ['((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4))', [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]],
  ['[[], [[1], [2, [3]]]]', [[], [[1], [2, [3]]]]],
  [
    '{"a": 1, "b": {"c": None}, 3: (4,)}',
    new Map<unknown, unknown>([
      ['a', 1],
      ['b', new Map([['c', null]])],
      [3, [4]],
    ]),
  ],
  ['(lambda x: [x, x, (x, x)])(["shared"])', [['shared'], ['shared'], [['shared'], ['shared']]]],
  ['(None, "create", ("get_task_queue",), {})', [null, 'create', ['get_task_queue'], new Map()]],
])('reads %s as every protocol writes it', (expression, value) => {
  for (const bytes of written(expression, [0, 1, 2, 3, 4, 5])) expect(unpickle(bytes)).toEqual(value);
});

testWithPython('reads bytes and sets as the newer protocols write them', () => {
  const [bytes3, bytes4, bytes5] = written('[b"", b"\\x00\\xff" * 200]', [3, 4, 5]);
  for (const bytes of [bytes3, bytes4, bytes5]) {
    expect(unpickle(bytes!)).toEqual([Buffer.alloc(0), Buffer.from('00ff'.repeat(200), 'hex')]);
  }
  for (const bytes of written('[{1}, frozenset([2]), set()]', [4, 5])) {
    expect(unpickle(bytes)).toEqual([new Set([1]), new Set([2]), new Set()]);
  }
  expect(unpickle(written('bytearray(b"abc")', [5])[0]!)).toEqual(Buffer.from('abc'));
});

testWithPython('reads instances of the named classes as data', () => {
  const classes = new Set(['multiprocessing.managers.Token', '_queue.Empty']);
  const [token, empty] = [
    written('Token("get_task_queue", ("127.0.0.1", 8001), "7f")', [4])[0]!,
    written('("#ERROR", queue.Empty())', [4])[0]!,
  ];
  expect(unpickle(token, { classes })).toMatchObject({
    name: 'multiprocessing.managers.Token',
    state: ['get_task_queue', ['127.0.0.1', 8001], '7f'],
  });
  expect(unpickle(empty, { classes })).toEqual(['#ERROR', new PyObject('_queue.Empty', [])]);
  expect(() => unpickle(token)).toThrow('Token was refused');
});

testWithPython.each([
  ['os.system', 'Run(os.system, ("touch /tmp/owned",))'],
  ['a global alone', 'os.system'],
  ['eval', '[1, {"a": Run(eval, ("1+1",))}]'],
  ['subprocess', 'Run(subprocess.Popen, (["true"],))'],
  ['getattr chains', 'Run(getattr, (Run(__import__, ("os",)), "system"))'],
  ['functools.partial', 'functools.partial(print, 1)'],
  ['a date', 'datetime.date(2020, 1, 1)'],
  ['a class of the standard library', 'collections.OrderedDict(a=1)'],
  ['an exception nobody named', 'ValueError("x")'],
])('refuses %s', (_what, expression) => {
  for (const bytes of written(expression, [0, 1, 2, 3, 4, 5])) {
    expect(() => unpickle(bytes, { classes: new Set(['multiprocessing.managers.Token']) })).toThrow(PickleError);
  }
});

test('refuses a named class that is called as if it were another, or that leaves the stack itself', () => {
  const classes = new Set(['queue.Empty']);
  expect(() => unpickle(Buffer.from('cqueue\nEmpty\n.'), { classes })).toThrow(PickleError);
  expect(() => unpickle(Buffer.from('(cqueue\nEmpty\nt.'), { classes })).toThrow(PickleError);
  expect(() => unpickle(Buffer.from('cqueue\nEmpty\n(tR(tR.'), { classes })).toThrow(PickleError);
  expect(() => unpickle(Buffer.from('cqueue\nEmpty\nK\x01R.'), { classes })).toThrow(PickleError);
});

test.each([
  ['deep nesting', Buffer.concat([Buffer.alloc(5000, ']'), Buffer.alloc(4999, 'a'), Buffer.from('.')]), 'deeper'],
  ['a list that holds itself', Buffer.from(']q\x00h\x00a.', 'latin1'), 'deeper'],
  [
    'a billion laughs',
    Buffer.from(`]${'q\x00(h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00t'.repeat(12)}.`, 'latin1'),
    'parts',
  ],
  [
    'one long text named again and again',
    Buffer.concat([
      Buffer.from('X\x00\x00\x10\x00', 'latin1'),
      Buffer.alloc(2 ** 20, 'x'),
      Buffer.from('q\x00('),
      Buffer.from('h\x00'.repeat(100)),
      Buffer.from('t.'),
    ]),
    'bytes',
  ],
  ['a million empty lists', Buffer.alloc(1_000_000, ']'), 'parts'],
  ['a text of 2 GB that is not there', Buffer.from('X\xff\xff\xff\x7fabc.', 'latin1'), 'early'],
  ['bytes of 2^63 that are not there', Buffer.from('\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.', 'latin1'), 'early'],
  [
    'an integer of a megabyte',
    Buffer.concat([Buffer.from([0x8b, 0, 0, 16, 0]), Buffer.alloc(2 ** 20, 7), Buffer.from('.')]),
    'too big',
  ],
  ['nothing', Buffer.alloc(0), 'early'],
  ['a stop at once', Buffer.from('.'), 'empty stack'],
  ['an append to nothing', Buffer.from('Na.'), 'empty stack'],
  ['a mark as a value', Buffer.from('(.'), 'mark'],
  ['an unknown protocol', Buffer.from([0x80, 6, 0x4e, 0x2e]), 'protocol'],
  ['a persistent id', Buffer.from('Pabc\n.'), 'not taken'],
  ['an extension code', Buffer.from([0x82, 1, 0x2e]), 'not taken'],
  ['a text that is not UTF-8', Buffer.from([0x8c, 2, 0xff, 0xfe, 0x2e]), 'UTF-8'],
])('refuses %s', (_what, bytes, why) => {
  expect(() => unpickle(bytes)).toThrow(PickleError);
  expect(() => unpickle(bytes)).toThrow(why);
});

test('any bytes at all are read or refused, quickly', () => {
  const ops = Buffer.from(
    '.N(t)]}aeudslIKJMGXC0129bcRqhpg\x80\x81\x85\x86\x87\x88\x8a\x8c\x8f\x90\x93\x94\x95\n',
    'latin1',
  );
  const program = fc.array(fc.oneof(fc.constantFrom(...ops), fc.integer({ min: 0, max: 255 })), { maxLength: 80 });
  fc.assert(
    fc.property(program, (bytes) => {
      try {
        unpickle(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(PickleError);
      }
    }),
    { numRuns: 10_000 },
  );
});

testWithPython('writes what Python reads back as the same', () => {
  const value: PyValue = [
    null,
    true,
    false,
    0,
    -1,
    255,
    2 ** 31,
    -(2 ** 31),
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2n ** 100n,
    -(2n ** 64n),
    0.25,
    1e300,
    '',
    '下载🙂',
    'x'.repeat(300),
    new Uint8Array([0, 255]),
    [],
    [[1], []],
    {},
    { a: { b: [1] } },
    new Tuple(),
    new Tuple(1, 'a', new Tuple(2)),
  ];
  const shown = run('import pickle, sys; print(ascii(pickle.load(sys.stdin.buffer)))', pickle(value)).trim();
  expect(shown).toBe(
    `[None, True, False, 0, -1, 255, 2147483648, -2147483648, 9007199254740991, -9007199254740991, ${2n ** 100n}, -${2n ** 64n}, 0.25, 1e+300, ` +
      `'', '\\u4e0b\\u8f7d\\U0001f642', '${'x'.repeat(300)}', b'\\x00\\xff', [], [[1], []], {}, {'a': {'b': [1]}}, (), (1, 'a', (2,))]`,
  );
});

testWithPython('writes exceptions that Python raises', () => {
  const bytes = pickle([
    new PyException('queue', 'Empty'),
    new PyException('queue', 'Full'),
    new PyException('builtins', 'ValueError', 'why'),
  ]);
  const shown = run(
    'import pickle, sys, queue; a, b, c = pickle.load(sys.stdin.buffer); print(type(a) is queue.Empty, type(b) is queue.Full, repr(c))',
    bytes,
  );
  expect(shown.trim()).toBe(`True True ValueError('why')`);
});

test('reads what it wrote', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as PyValue;
      expect(toPlain(unpickle(pickle(plain)))).toEqual(plain);
    }),
  );
});

function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key as string, toPlain(item)]));
  return value;
}
