// What a server's refusal means, with the name of the host that refused.
import { hostOf } from '../../shared/url.ts';
import { because, type Why } from '../../shared/why.ts';

/** Of an answer that brings no file. */
export function statusMeans(url: string, status: number): Why {
  const host = hostOf(url);
  switch (status) {
    case 401:
      return because('wants-login', { host });
    case 403:
      return because('forbids', { host });
    case 404:
    case 410:
      return because('has-not', { host, status });
    case 407:
      return because('proxy-wants-login', { host });
    case 429:
    case 503:
      return because('busy', { host, status });
    default:
      return status === 408 || status === 425 || status >= 500
        ? because('has-trouble', { host, status })
        : because('answered-otherwise', { host, status });
  }
}
