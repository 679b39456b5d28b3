// What a person says of all links of a batch at once: their kind, connections, headers, and of a single one its checksum.
import type { CallArg } from '../../shared/api.ts';
import type { Priority } from '../../shared/download.ts';
import type { Words } from '../words.ts';

type Said = Pick<CallArg<'addBatch'>, 'category' | 'connections' | 'priority' | 'headers' | 'checksum'>;
export type BatchField = 'connections' | 'headers' | 'checksum';

const MOST_CONNECTIONS = 32;
const algorithms = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' } as const;

export class BatchOptions {
  /** Empty: each file's name tells. */
  category = $state('');
  connections = $state('');
  priority = $state<Priority>('normal');
  /** `Name: value`, one a line. */
  headers = $state('');
  checksum = $state('');

  reset(): void {
    this.category = '';
    this.connections = '';
    this.priority = 'normal';
    this.headers = '';
    this.checksum = '';
  }

  /** Why a field cannot be used; null when it can. */
  wrong(field: BatchField, words: Words): string | null {
    switch (field) {
      case 'connections':
        return this.#connections() === null ? words.outOfBounds(words.between(1, MOST_CONNECTIONS)) : null;
      case 'headers':
        return this.#headers() === null ? words.batch.headersWrong : null;
      case 'checksum':
        return this.#checksum() === null ? words.batch.checksumWrong : null;
      default:
        return field satisfies never;
    }
  }

  /** What was said, for a batch of `count`; null when something of it is wrong. */
  said(count: number): Said | null {
    const [connections, headers, checksum] = [this.#connections(), this.#headers(), this.#checksum()];
    if (connections === null || headers === null || (count === 1 && checksum === null)) return null;
    return {
      ...(this.category !== '' && { category: this.category }),
      ...(connections && { connections }),
      ...(this.priority !== 'normal' && { priority: this.priority }),
      ...(headers && { headers }),
      ...(count === 1 && checksum && { checksum }),
    };
  }

  // Each: undefined when nothing was said, null when it is wrong.

  #connections(): number | undefined | null {
    const text = this.connections.trim();
    if (text === '') return undefined;
    const number = Number(text);
    return /^\d+$/.test(text) && number >= 1 && number <= MOST_CONNECTIONS ? number : null;
  }

  #headers(): Record<string, string> | undefined | null {
    const lines = this.headers.split('\n').filter((line) => line.trim() !== '');
    if (lines.length === 0) return undefined;
    const pairs = lines.map((line) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line));
    if (pairs.includes(null)) return null;
    return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
  }

  #checksum(): Said['checksum'] | null {
    const text = this.checksum.trim().toLowerCase();
    if (text === '') return undefined;
    const [, named, hex = ''] = /^(?:(md5|sha-?(?:1|256|512))\s*[=:]\s*)?([0-9a-f]+)$/.exec(text) ?? [];
    const algorithm = algorithms[hex.length as keyof typeof algorithms];
    return algorithm && (named ?? algorithm).replace('-', '') === algorithm ? { algorithm, hex } : null;
  }
}
