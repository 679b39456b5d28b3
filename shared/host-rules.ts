// Rules for hosts: what goes along with requests to them, and how much of them at once. A person writes them, one a host.
import * as v from 'valibot';
import { integer, text } from './schema.ts';
import { hostOf } from './url.ts';
import { because, rule } from './why.ts';

/** Stands where a secret is that only the engine and its workers need. */
export const MASKED = '***';

const HostPattern = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(300),
  v.transform(asWritten),
  rule((host) => (partsOf(host) === null ? because('host-unfit') : null)),
);
const HeaderName = v.pipe(
  v.string(),
  rule((name) => (/^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(name) ? null : because('header-name-unfit'))),
);
const HeaderValue = v.pipe(
  v.string(),
  v.maxLength(8192),
  rule((value) => (/^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? null : because('header-unfit'))),
);

/** Header lines by name. */
export const Headers = v.record(HeaderName, HeaderValue);

export const HostRule = v.pipe(
  v.strictObject({
    host: HostPattern,
    headers: v.optional(Headers, {}),
    referrer: v.optional(v.nullable(HeaderValue), null),
    /** Basic credentials (RFC 7617). */
    user: v.optional(v.nullable(text(1000)), null),
    password: v.optional(v.nullable(text(1000)), null),
    /** A bearer token (RFC 6750). */
    bearer: v.optional(v.nullable(HeaderValue), null),
    /** A Netscape cookies.txt on the engine's machine. */
    cookiesFile: v.optional(v.nullable(v.string()), null),
    /** Its certificate is not checked, by a person's explicit choice. */
    insecure: v.optional(v.boolean(), false),
    limitBytesPerS: v.optional(v.nullable(integer(1024)), null),
    connections: v.optional(v.nullable(integer(1, 256)), null),
  }),
  rule(({ user, bearer }) => (user !== null && bearer !== null ? because('user-or-bearer') : null)),
);
export type HostRule = v.InferOutput<typeof HostRule>;

export const HostRules = v.pipe(
  v.array(HostRule),
  v.maxLength(1000),
  rule((rules) => (new Set(rules.map(({ host }) => host)).size === rules.length ? null : because('host-twice'))),
);

/**
 * The one rule for a host (`name` or `name:port`), the most exact there is: with a port before without, a name before
 * `*.name`, `*` last. A rule without a port is for every port; `*.name` is for the name itself, too.
 */
export function ruleFor<R extends { host: string }>(rules: readonly R[], host: string): R | undefined {
  let best: R | undefined;
  let bestRank = -1;
  for (const rule of rules) {
    const rank = rankOf(rule.host, host);
    if (rank > bestRank) [best, bestRank] = [rule, rank];
  }
  return best;
}

/** How exactly a pattern speaks of a host; -1: not at all. */
function rankOf(pattern: string, host: string): number {
  const wanted = partsOf(pattern);
  const given = partsOf(host);
  if (!wanted || !given) return -1;
  const usual = given.port === '' && (wanted.port === '80' || wanted.port === '443');
  if (wanted.port !== '' && wanted.port !== given.port && !usual) return -1;
  const withPort = wanted.port === '' ? 0 : 0.5;
  if (wanted.name === '*') return withPort;
  const parent = wanted.name.startsWith('*.') ? wanted.name.slice(2) : null;
  if (parent === null) return wanted.name === given.name ? 1000 + withPort : -1;
  return given.name === parent || given.name.endsWith(`.${parent}`) ? parent.length + withPort : -1;
}

function partsOf(text: string): { name: string; port: string } | null {
  const match = /^(\*|(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/u.exec(text);
  return match ? { name: match[1]!, port: match[2] ?? '' } : null;
}

/** Lower case, and names of other scripts in the form in which addresses have them. */
function asWritten(text: string): string {
  const parts = partsOf(text.toLowerCase());
  if (!parts) return text;
  const { name, port } = parts;
  const wild = name.startsWith('*.') ? '*.' : '';
  const plain = name === '*' ? name : wild + (hostOf(`http://${name.slice(wild.length)}`) || name.slice(wild.length));
  return plain + (port && `:${port}`);
}

/** The rule without what only the engine needs to know: for windows, logs and exports. */
export function maskedRule(rule: HostRule): HostRule {
  const { headers, password, bearer } = rule;
  return {
    ...rule,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, MASKED])),
    password: password && MASKED,
    bearer: bearer && MASKED,
  };
}

/** Rules as they came back from where they were masked, with the secrets of `before` in their places again. */
export function unmaskedRules(rules: readonly HostRule[], before: readonly HostRule[]): HostRule[] {
  return rules.map((rule, index) => {
    const renamed =
      before[index] && !rules.some(({ host }) => host === before[index]!.host) ? before[index] : undefined;
    const known = before.find(({ host }) => host === rule.host) ?? renamed;
    const kept = (value: string | null, old: string | null | undefined) => (value === MASKED ? (old ?? null) : value);
    const headers = Object.entries(rule.headers).flatMap(([name, value]): [string, string][] => {
      const text = kept(value, known?.headers[name]);
      return text === null ? [] : [[name, text]];
    });
    return {
      ...rule,
      headers: Object.fromEntries(headers),
      password: kept(rule.password, known?.password),
      bearer: kept(rule.bearer, known?.bearer),
    };
  });
}
