// Bytes of unknown encoding -> text: lists come in UTF-16 and GB18030, servers send names in whatever they have.

/** The text that the bytes are in this encoding, or null when they are not valid in it. */
export function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Decodes a whole file: a byte order mark decides, then UTF-16 without one, UTF-8, GB18030, and Windows-1252 at last. */
export function decodeFile(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  const utf16 = unmarkedUtf16(bytes);
  if (utf16) return new TextDecoder(utf16).decode(bytes);
  return decodeAs('utf-8', bytes) ?? decodeAs('gb18030', bytes) ?? new TextDecoder('windows-1252').decode(bytes);
}

/** Decodes a short name: UTF-8, or GB18030 when it looks like it, or Windows-1252 (which Latin-1 is a part of). */
export function decodeName(bytes: Uint8Array): string {
  const utf8 = decodeAs('utf-8', bytes);
  if (utf8 !== null) return utf8;
  // Chinese comes in pairs of high bytes and rarely one alone; a European word seldom has four accents in a row.
  const runs =
    Buffer.from(bytes)
      .toString('latin1')
      .match(/[\x80-\xff]+/g) ?? [];
  const chinese = runs.every((run) => run.length % 2 === 0) && runs.some((run) => run.length >= 4);
  return (chinese ? decodeAs('gb18030', bytes) : null) ?? new TextDecoder('windows-1252').decode(bytes);
}

/** Addresses are mostly ASCII: as UTF-16 nearly every other byte of them is zero, and always on the same side. */
function unmarkedUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const sample = bytes.subarray(0, 4096);
  const zeros: [even: number, odd: number] = [0, 0];
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[(at % 2) as 0 | 1]++;
  });
  const few = sample.length / 200;
  const many = sample.length / 5;
  if (zeros[1] > many && zeros[0] <= few) return 'utf-16le';
  if (zeros[0] > many && zeros[1] <= few) return 'utf-16be';
  return null;
}

/** Percent escapes turned into what they most likely stand for; what is no escape stays. */
export function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeName(Buffer.from(run.replaceAll('%', ''), 'hex')));
}
