// A host's rule while a person writes it: as texts, read back when it is saved.
import { HostRule, MASKED } from '../../shared/host-rules.ts';
import { read } from '../../shared/schema.ts';
import type { Words } from '../words.ts';

export class RuleDraft {
  host = $state('');
  login = $state<'none' | 'basic' | 'bearer'>('none');
  user = $state('');
  password = $state('');
  bearer = $state('');
  referrer = $state('');
  headers = $state('');
  cookiesFile = $state('');
  limitKb = $state('');
  connections = $state('');
  insecure = $state(false);
  /** Secrets there are already; an empty field keeps them. */
  readonly hasPassword: boolean;
  readonly hasBearer: boolean;

  constructor(rule: HostRule | null) {
    this.hasPassword = rule?.password != null;
    this.hasBearer = rule?.bearer != null;
    if (rule === null) return;
    this.host = rule.host;
    this.login = rule.user !== null ? 'basic' : rule.bearer !== null ? 'bearer' : 'none';
    this.user = rule.user ?? '';
    this.referrer = rule.referrer ?? '';
    this.headers = Object.entries(rule.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
    this.cookiesFile = rule.cookiesFile ?? '';
    this.limitKb = rule.limitBytesPerS === null ? '' : String(rule.limitBytesPerS / 1000);
    this.connections = rule.connections === null ? '' : String(rule.connections);
    this.insecure = rule.insecure;
  }

  /** The rule as it was written, or what is wrong with it. */
  read(words: Words): { ok: true; rule: HostRule } | { ok: false; why: string } {
    const headers: Record<string, string> = {};
    for (const line of this.headers.split('\n').filter((text) => text.trim() !== '')) {
      const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || value === undefined) return { ok: false, why: words.hosts.badHeader(line.trim()) };
      headers[name] = value;
    }
    const limitKb = numberIn(this.limitKb);
    const connections = numberIn(this.connections);
    if (Number.isNaN(limitKb) || Number.isNaN(connections)) return { ok: false, why: words.hosts.badNumber };
    const basic = this.login === 'basic';
    const bearer = this.login === 'bearer';
    const parsed = read(HostRule, {
      host: this.host,
      headers,
      referrer: this.referrer.trim() || null,
      user: basic ? this.user : null,
      password: basic ? this.password || (this.hasPassword ? MASKED : '') : null,
      bearer: bearer ? this.bearer.trim() || (this.hasBearer ? MASKED : '') : null,
      cookiesFile: this.cookiesFile.trim() || null,
      insecure: this.insecure,
      limitBytesPerS: limitKb === null ? null : Math.round(limitKb * 1000),
      connections,
    } satisfies Record<keyof HostRule, unknown>);
    if (parsed.success) return { ok: true, rule: parsed.output };
    return { ok: false, why: words.wrong(parsed.issues) };
  }
}

/** Null for nothing, NaN for what is no number. */
function numberIn(text: string): number | null {
  const trimmed = text.trim().replace(',', '.');
  return trimmed === '' ? null : Number(trimmed);
}
