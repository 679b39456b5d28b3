// Batch patterns in addresses: `[001-100]`, `[a-z]`, `[0-100:5]` and `{x,y}`, counted first and expanded one by one.

/** What a text with patterns stands for. `count` may be far more than anybody wants: look at it before `texts()`. */
export interface Batch {
  count: number;
  texts(): Iterable<string>;
}

interface Choice {
  count: number;
  at(index: number): string;
}

// A bracket that holds no range, `[::1]` for one, is not a pattern.
const pattern = /\[(\d{1,15})-(\d{1,15})(?::(\d{1,15}))?\]|\[([a-z]-[a-z]|[A-Z]-[A-Z])(?::(\d{1,15}))?\]|\{([^{}]*)\}/g;

/** The batch that a text with patterns stands for, null when there is no pattern in it. The last pattern turns fastest. */
export function batchOf(text: string): Batch | null {
  if (!/[[{]/.test(text)) return null;
  const literals: string[] = [];
  const choices: Choice[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const choice = choiceOf(match);
    if (!choice) continue;
    literals.push(text.slice(end, match.index));
    choices.push(choice);
    end = match.index + match[0].length;
  }
  if (choices.length === 0) return null;
  const tail = text.slice(end);
  const count = choices.reduce((product, choice) => product * choice.count, 1);
  return { count, texts: () => expand(literals, choices, tail, count) };
}

function* expand(
  literals: readonly string[],
  choices: readonly Choice[],
  tail: string,
  count: number,
): Iterable<string> {
  for (let number = 0; number < count; number++) {
    let rest = number;
    let text = tail;
    for (let i = choices.length - 1; i >= 0; i--) {
      const choice = choices[i]!;
      text = literals[i]! + choice.at(rest % choice.count) + text;
      rest = Math.floor(rest / choice.count);
    }
    yield text;
  }
}

function choiceOf([, first, last, step, letters, letterStep, list]: RegExpExecArray): Choice | null {
  if (first !== undefined && last !== undefined) {
    const width = first.startsWith('0') ? first.length : 0;
    return range(Number(first), Number(last), step, (value) => String(value).padStart(width, '0'));
  }
  if (letters !== undefined) {
    return range(letters.charCodeAt(0), letters.charCodeAt(2), letterStep, (code) => String.fromCharCode(code));
  }
  const words = list?.split(',') ?? [];
  return words.length < 2 ? null : { count: words.length, at: (index) => words[index]! };
}

/** From first to last, both included; empty when it runs backwards or does not move. */
function range(first: number, last: number, stepText: string | undefined, write: (value: number) => string): Choice {
  const step = Number(stepText ?? 1);
  const count = last < first || step === 0 ? 0 : Math.floor((last - first) / step) + 1;
  return { count, at: (index) => write(first + index * step) };
}
