// Options of the command line about how requests are made: headers, cookies, logins, certificates, proxies.
import fs from 'node:fs/promises';
import { refusal, unfit } from '../../shared/answer.ts';
import { Headers } from '../../shared/host-rules.ts';
import { SettingsChange, type Settings } from '../../shared/settings.ts';
import { systemWhy } from '../../shared/system-why.ts';
import { basicAuthorization } from '../../shared/url.ts';
import { because } from '../../shared/why.ts';
import { read } from '../../shared/schema.ts';
import { checkFiles } from '../engine/settings/setting-files.ts';

export const requestOptions = {
  header: { type: 'string', multiple: true },
  cookie: { type: 'string' },
  referer: { type: 'string' },
  'user-agent': { type: 'string' },
  'user-file': { type: 'string' },
  'bearer-file': { type: 'string' },
  cookies: { type: 'string' },
  ca: { type: 'string' },
  proxy: { type: 'string' },
  'no-proxy': { type: 'string' },
} as const;

export type RequestValues = { [K in Exclude<keyof typeof requestOptions, 'header'>]?: string | undefined } & {
  header?: string[] | undefined;
};

/** What the added downloads send, as far as it is known before files are read. */
export type RequestOptions = {
  headers: Record<string, string>;
  userFile: string | undefined;
  bearerFile: string | undefined;
};

/** Throws an ApiError that says which header is none. */
export function requestOf(values: RequestValues): RequestOptions {
  const lines = [
    ...(values.header ?? []),
    ...(values.cookie === undefined ? [] : [`Cookie: ${values.cookie}`]),
    ...(values.referer === undefined ? [] : [`Referer: ${values.referer}`]),
  ];
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/s.exec(line) ?? [];
    if (!read(Headers, { [name]: value }).success) {
      throw refusal('bad-header', because('not-a-header', { name }));
    }
    headers[name.toLowerCase()] = value;
  }
  return { headers, userFile: values['user-file'], bearerFile: values['bearer-file'] };
}

/** The settings that these options change for this run. Throws an ApiError when a value or a file is not what it should be. */
export function requestSettings(values: RequestValues): Partial<Settings> {
  const settings: Partial<Settings> = {
    ...(values['user-agent'] !== undefined && { userAgent: values['user-agent'] }),
    ...(values.cookies !== undefined && { cookiesFile: values.cookies }),
    ...(values.ca !== undefined && { extraCaFile: values.ca }),
    ...(values.proxy !== undefined && { proxy: values.proxy }),
    ...(values['no-proxy'] !== undefined && { noProxy: values['no-proxy'] }),
  };
  const { issues } = read(SettingsChange, settings);
  if (issues) throw refusal('bad-setting', unfit(issues, because('setting-unfit')));
  checkFiles(settings);
  return settings;
}

/**
 * All headers of the added downloads, a login from its file or from SLUICE_USER (`name:password`) or SLUICE_BEARER among
 * them: what stands on a command line can be read by everybody on the machine.
 */
export async function headersOf(request: RequestOptions, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const user = (await secretIn(request.userFile)) ?? env['SLUICE_USER'];
  const bearer = (await secretIn(request.bearerFile)) ?? env['SLUICE_BEARER'];
  const colon = user?.indexOf(':') ?? -1;
  const authorization = bearer
    ? `Bearer ${bearer}`
    : user && basicAuthorization(colon < 0 ? user : user.slice(0, colon), colon < 0 ? '' : user.slice(colon + 1));
  return { ...(authorization ? { authorization } : {}), ...request.headers };
}

async function secretIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await fs.readFile(file, 'utf8')).split(/\r?\n/, 1)[0];
  } catch (error) {
    throw refusal('bad-file', because('not-read', { file, because: systemWhy(error) }));
  }
}

export const requestHelp = `      --header "NAME: VALUE"   sent to the hosts of the addresses given; again for more headers
      --cookie "A=B; C=D"      the same for cookies
      --cookies FILE    cookies of a Netscape cookies.txt, each to the host it is of
      --referer URL, --user-agent TEXT
      --user-file FILE  log in with the NAME:PASSWORD in FILE (or SLUICE_USER)
      --bearer-file FILE    log in with the token in FILE (or SLUICE_BEARER)
      --ca FILE         trust these certificate authorities, too (PEM)
      --proxy URL       http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT (default: the environment's)
      --no-proxy HOSTS  reached without a proxy, as in NO_PROXY
`;
