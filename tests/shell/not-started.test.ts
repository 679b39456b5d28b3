// What is said when the program cannot start.
import { expect, test } from 'vitest';
import { refusal } from '../../shared/answer.ts';
import { because } from '../../shared/why.ts';
import { notStarted } from '../../main/shell/not-started.ts';

const newer = refusal('newer-list', because('newer-list', { format: 9, known: 5 }));
const readOnly = Object.assign(new Error("EROFS: read-only file system, mkdir '/a'"), { code: 'EROFS' });

test.each([
  ['en-GB', newer, 'This list was written by a newer Sluice (format 9, this one knows 5). Please update Sluice.'],
  ['en-GB', readOnly, "EROFS: read-only file system, mkdir '/a'"],
  ['zh-CN', newer, '此列表由更新版本的 Sluice 写成（格式 9，本版本只认识 5）。请更新 Sluice。'],
  ['zh-CN', readOnly, "它在只读磁盘上（EROFS, mkdir '/a'）"],
])('in %s it is whole in the language of the system: %s', async (locale, error, message) => {
  const title = locale === 'zh-CN' ? 'Sluice 无法启动' : 'Sluice could not start';
  expect(await notStarted(error, locale)).toEqual({ title, message });
});
