// Files that settings name: a wrong one is said when it is chosen, not when a download fails.
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { refusal } from '../../../shared/answer.ts';
import type { SettingsChange } from '../../../shared/settings.ts';
import { systemWhy } from '../../../shared/system-why.ts';
import { because } from '../../../shared/why.ts';

/** Throws an ApiError that says what is wrong with a certificate or cookies file of the change. */
export function checkFiles({ extraCaFile, cookiesFile, hostRules = [] }: SettingsChange): void {
  if (extraCaFile != null) checkCertificates(extraCaFile);
  for (const file of [cookiesFile, ...hostRules.map((rule) => rule.cookiesFile)]) if (file != null) checkCookies(file);
}

function checkCertificates(file: string): void {
  const pems = read(file).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (pems.length === 0) throw refusal('bad-file', because('no-certificate-in', { file }));
  for (const pem of pems) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw refusal('bad-file', because('certificate-unread', { file, because: systemWhy(error) }));
    }
  }
}

function checkCookies(file: string): void {
  const lines = read(file).split(/\r?\n/);
  if (lines.some((line) => line.split('\t').length >= 6) || lines.every((line) => /^(#.*|\s*)$/.test(line))) return;
  throw refusal('bad-file', because('no-cookies-in', { file }));
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw refusal('bad-file', because('not-read', { file, because: systemWhy(error) }));
  }
}
