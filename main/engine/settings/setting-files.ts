// Files that settings name: a wrong one is said when it is chosen, not when a download fails.
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { ApiError } from '../../../shared/answer.ts';
import type { SettingsChange } from '../../../shared/settings.ts';

/** Throws an ApiError that says what is wrong with a certificate or cookies file of the change. */
export function checkFiles({ extraCaFile, cookiesFile, hostRules = [] }: SettingsChange): void {
  if (extraCaFile != null) checkCertificates(extraCaFile);
  for (const file of [cookiesFile, ...hostRules.map((rule) => rule.cookiesFile)]) if (file != null) checkCookies(file);
}

function checkCertificates(file: string): void {
  const pems = read(file).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (pems.length === 0) throw new ApiError('bad-file', `${file} has no certificate in it (PEM).`);
  for (const pem of pems) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw new ApiError('bad-file', `A certificate in ${file} cannot be read: ${(error as Error).message}`);
    }
  }
}

function checkCookies(file: string): void {
  const lines = read(file).split(/\r?\n/);
  if (lines.some((line) => line.split('\t').length >= 6) || lines.every((line) => /^(#.*|\s*)$/.test(line))) return;
  throw new ApiError('bad-file', `${file} is no cookies.txt: it has no line of seven fields divided by tabs.`);
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new ApiError('bad-file', `${file} cannot be read: ${(error as Error).message}`);
  }
}
