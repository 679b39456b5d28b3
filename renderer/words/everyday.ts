// The words of what a desktop expects: the end of all downloads, export and import. In both languages.
import type { Format } from '../../shared/format.ts';

export function everydayEn({ count: n }: Format) {
  const many = (count: number, one: string, other: string) => `${n(count)} ${count === 1 ? one : other}`;
  return {
    whenDone: { nothing: 'Do nothing', quit: 'Quit Sluice', sleep: 'Put the computer to sleep', shutdown: 'Shut down' },
    countdownTitle: { quit: 'Sluice is about to quit', sleep: 'About to sleep', shutdown: 'About to shut down' },
    countdownLeft: (seconds: number) => `All downloads are done. ${many(seconds, 'second', 'seconds')} left.`,
    sectionCategories: 'Categories',
    sectionExchange: 'Export and import',
    exchangeHint: 'As plain text or JSON. A list that is imported is shown before anything is added.',
    exportList: 'Export the list…',
    exportSettings: 'Export the settings…',
    importFile: 'Import…',
    exportSecrets: 'With passwords, cookies and tokens',
    exported: (file: string) => `Written to ${file}`,
    imported: (count: number) => `${many(count, 'setting', 'settings')} taken over`,
    notImported: (name: string, line: number | null, why: string) =>
      `${line === null ? '' : `Line ${n(line)}: `}${name} was not taken over. ${why}`,
    notImportedMore: (count: number) => `${n(count)} more were not taken over.`,
    countdownStop: 'Stop',
    countdownNow: 'Now',
  };
}

export function everydayZh({ count: n }: Format): ReturnType<typeof everydayEn> {
  return {
    whenDone: { nothing: '无操作', quit: '退出 Sluice', sleep: '使电脑睡眠', shutdown: '关机' },
    countdownTitle: { quit: 'Sluice 即将退出', sleep: '即将睡眠', shutdown: '即将关机' },
    countdownLeft: (seconds) => `所有下载均已完成。还剩 ${n(seconds)} 秒。`,
    sectionCategories: '分类',
    sectionExchange: '导出与导入',
    exchangeHint: '纯文本或 JSON。导入的列表会先显示，再添加。',
    exportList: '导出列表…',
    exportSettings: '导出设置…',
    importFile: '导入…',
    exportSecrets: '包含密码、Cookie 和令牌',
    exported: (file) => `已写入 ${file}`,
    imported: (count) => `已采用 ${n(count)} 项设置`,
    notImported: (name, line, why) => `${line === null ? '' : `第 ${n(line)} 行：`}${name} 未采用。${why}`,
    notImportedMore: (count) => `另有 ${n(count)} 项未采用。`,
    countdownStop: '停止',
    countdownNow: '立即',
  };
}
