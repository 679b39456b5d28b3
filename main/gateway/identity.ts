// The key pair with which this machine is known on the network: made at first use, recognised by its fingerprint.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { WhyError } from '../../shared/system-why.ts';
import { because } from '../../shared/why.ts';

export interface Identity {
  /** PEM. */
  key: string;
  /** PEM, self-signed. */
  cert: string;
  /** SHA-256 of the certificate, 64 lower-case hexadecimal digits. */
  fingerprint: string;
}

/** Reads the key pair from a file, or makes one and keeps it there, readable for its owner only. Throws when it is damaged. */
export async function loadIdentity(file: string): Promise<Identity> {
  const text = await readOrMake(file, makeKeyAndCertificate);
  const key = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/.exec(text)?.[0];
  const cert = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(text)?.[0];
  if (!key || !cert || !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new WhyError(because('no-key-pair', { file }));
  }
  return { key, cert, fingerprint: plainFingerprint(new X509Certificate(cert).fingerprint256) };
}

/** Reads a shared secret from a file (without the line end), or makes a random one and keeps it there. Throws when it is empty. */
export async function loadAuthkey(file: string): Promise<Buffer> {
  const text = await readOrMake(file, () => `${randomBytes(32).toString('base64url')}\n`);
  const authkey = Buffer.from(text.replace(/\r?\n$/, ''));
  if (authkey.length === 0) throw new WhyError(because('key-empty', { file }));
  return authkey;
}

/** A fingerprint as people paste it, with or without colons, as 64 lower-case digits. */
export function plainFingerprint(text: string): string {
  return text.replaceAll(':', '').trim().toLowerCase();
}

/** One text for all who come at the same time: the first to finish wins. */
async function readOrMake(file: string, make: () => string): Promise<string> {
  const known = await readIfThere(file);
  if (known !== null) return known;
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(make());
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file, 'utf8');
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

// Node reads certificates but makes none. This one is never looked into, only compared as a whole, so the least that
// RFC 5280 allows is enough: an ECDSA P-256 key, version 3, valid without an end (4.1.2.5), and no extensions.

const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

function makeKeyAndCertificate(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('Sluice')))));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const body = der(
    0x30,
    Buffer.from('a003020102', 'hex'),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x18, Buffer.from('99991231235959Z'))),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der(0x30, body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return `${pem}-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** A DER value (X.690 8.1) of less than 64 KiB. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), ...parts]);
}
