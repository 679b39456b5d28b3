// Tells a run: as JSON lines, as living bars on a terminal, or as plain lines elsewhere.
import type { Verdict } from '../../shared/api.ts';
import type { Signal } from '../engine/engine.ts';
import { duration, fit, size } from './format.ts';
import type { Output } from './output.ts';

export type Told =
  Signal | { event: 'rejected'; verdict: Verdict } | { event: 'handed-over'; added: number; resumed: number };

export type Report = {
  tell(told: Told): void;
  /** Clears what moves. */
  end(): void;
};

export async function reportTo(output: Output, json: boolean, stream: NodeJS.WriteStream): Promise<Report> {
  if (json) return { tell: (told) => output.json(asJson(told)), end: () => {} };
  return output.isTerminal ? bars(output, stream) : plain(output);
}

function asJson(told: Told): object {
  if (told.event !== 'rejected') return told;
  const { line, text, reason, message } = told.verdict;
  return { event: 'rejected', line, text, code: reason, message };
}

/** What stays on the screen; null for what is gone with the next bar. */
function words(told: Told): string | null {
  switch (told.event) {
    case 'added':
    case 'started':
    case 'progress':
      return null;
    case 'done':
      return `done    ${told.path}  ${size(told.sizeBytes)}${told.sha256 ? `  sha256=${told.sha256}` : ''}`;
    case 'failed':
      return `failed  ${told.url}  ${told.code}: ${told.message}`;
    case 'removed':
      return `removed ${told.ids.length}`;
    case 'waiting':
      return `waits   ${told.url}  ${told.message}`;
    case 'rejected':
      return `line ${told.verdict.line}: ${told.verdict.message ?? told.verdict.reason ?? ''}  ${told.verdict.text}`;
    case 'handed-over':
      return `${told.added} added to the Sluice that is running on this list, ${told.resumed} go on in it.`;
    default:
      return told satisfies never;
  }
}

function plain(output: Output): Report {
  return {
    tell(told) {
      const text = words(told);
      if (text !== null) output.line(text);
    },
    end: () => {},
  };
}

type Moving = Extract<Signal, { event: 'progress' }>;
const BARS_SHOWN = 10;

async function bars(output: Output, stream: NodeJS.WriteStream): Promise<Report> {
  // Loaded only where it is seen: it takes as long as a quarter of everything else.
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(stream);
  const moving = new Map<number, Moving>();
  let added = 0;
  let over = 0;
  const redraw = () => draw(picture([...moving.values()], added - over, stream.columns || 80));
  const timer = setInterval(redraw, 200);
  return {
    tell(told) {
      if (told.event === 'added') added++;
      if (told.event === 'progress') moving.set(told.id, told);
      if (told.event === 'done' || told.event === 'failed') over++;
      if (told.event === 'removed') over += told.ids.length;
      for (const id of told.event === 'removed' ? told.ids : []) moving.delete(id);
      if (told.event === 'done' || told.event === 'failed' || told.event === 'waiting') moving.delete(told.id);
      const text = words(told);
      if (text === null) return;
      draw.clear();
      output.line(text);
      redraw();
    },
    end() {
      clearInterval(timer);
      draw.clear();
    },
  };
}

function picture(moving: readonly Moving[], left: number, columns: number): string {
  const shown = moving.slice(0, BARS_SHOWN).map((download) => bar(download, columns));
  const speed = moving.reduce((sum, { bytesPerS }) => sum + bytesPerS, 0);
  const more = moving.length > BARS_SHOWN ? `, ${moving.length - BARS_SHOWN} more running` : '';
  return [...shown, `${size(speed)}/s, ${Math.max(left, moving.length)} to go${more}`].join('\n');
}

function bar({ name, doneBytes, sizeBytes, bytesPerS }: Moving, columns: number): string {
  const nameWidth = Math.max(12, Math.min(40, Math.floor(columns / 3)));
  const left = sizeBytes !== null && bytesPerS > 0 ? duration(((sizeBytes - doneBytes) / bytesPerS) * 1000) : '';
  const part = sizeBytes ? Math.min(1, doneBytes / sizeBytes) : 0;
  const percent = sizeBytes === null ? '   ?' : `${Math.floor(part * 100)}%`.padStart(4);
  const tail = ` ${percent} ${size(bytesPerS).padStart(9)}/s ${left.padStart(7)}`;
  const width = Math.max(4, columns - nameWidth - tail.length - 2);
  const full = Math.round(part * width);
  return `${fit(name, nameWidth)} ${'━'.repeat(full)}${'─'.repeat(width - full)}${tail}`;
}
