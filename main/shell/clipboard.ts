// The clipboard, which answers at once in older Electrons and with promises and items in newer ones.
import { clipboard } from 'electron';

type OldClipboard = { readText: () => string; readHTML: () => string };

/** What the clipboard holds as text and as HTML; empty where it holds none. */
export async function readClipboard(from: unknown = clipboard): Promise<{ text: string; html: string }> {
  if (isOld(from)) return { text: from.readText(), html: from.readHTML() };
  const items = await (from as typeof clipboard).read();
  return { text: await textOf(items, 'text/plain'), html: await textOf(items, 'text/html') };
}

/** What the clipboard holds as text. */
export async function readClipboardText(): Promise<string> {
  return await clipboard.readText();
}

export async function writeClipboard(text: string): Promise<void> {
  await clipboard.writeText(text);
}

function isOld(from: unknown): from is OldClipboard {
  return typeof (from as Partial<OldClipboard>).readHTML === 'function';
}

async function textOf(items: readonly Electron.ClipboardItem[], type: string): Promise<string> {
  for (const item of items) {
    if (!item.types.includes(type)) continue;
    const content = await item.getType(type);
    if (content instanceof Blob) return content.text();
  }
  return '';
}
