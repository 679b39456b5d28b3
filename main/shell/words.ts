// The words that the shell itself says, outside of the window: menus, dialogs of the system. In both languages.
import type { FailureCode } from '../../shared/failure.ts';
import { failuresEn, failuresZh } from '../../shared/failure-words.ts';
import type { Format } from '../../shared/format.ts';
import type { Language } from '../../shared/language.ts';

const en = (f: Format) => ({
  menu: {
    file: '&File',
    addLinks: 'Add Links…',
    addFromFile: 'Add From File…',
    exportList: 'Export the List…',
    exportSettings: 'Export the Settings…',
    import: 'Import…',
    settings: 'Settings…',
    quit: 'Quit',
    edit: '&Edit',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select All',
    find: 'Find',
    view: '&View',
    theme: 'Theme',
    themeSystem: 'As the System',
    themeLight: 'Light',
    themeDark: 'Dark',
    traffic: 'Traffic',
    zoomIn: 'Zoom In',
    zoomOut: 'Zoom Out',
    zoomReset: 'Actual Size',
    fullScreen: 'Full Screen',
    window: '&Window',
    minimize: 'Minimize',
    close: 'Close',
    help: '&Help',
    shortcuts: 'Keys',
    about: 'About Sluice',
  },
  tray: {
    idle: 'Nothing to do',
    running: (count: number, speed: string) => `${f.count(count)} active, ${speed}`,
    show: 'Show Sluice',
    addFromClipboard: 'Add Links from the Clipboard',
    pauseAll: 'Pause All',
    resumeAll: 'Resume All',
    quit: 'Quit',
  },
  notice: {
    done: (count: number, name: string) => (count === 1 ? name : `${f.count(count)} downloads finished`),
    doneBody: (count: number, name: string) => (count === 1 ? 'The download is finished.' : `${name} and others`),
    failed: (count: number, name: string) => (count === 1 ? `${name} failed` : `${f.count(count)} downloads failed`),
    failedBody: (count: number, name: string, code: FailureCode) =>
      count === 1 ? failuresEn[code] : `${name}: ${failuresEn[code]}; and others`,
  },
  lists: 'Lists',
  notStarted: 'Sluice could not start',
  unforeseen: {
    title: 'Sluice met an error that nobody foresaw, and has to leave',
    hint: 'Nothing that was saved is lost: start it again, and it goes on from there.',
  },
});

export type ShellWords = ReturnType<typeof en>;

const zh = (f: Format): ShellWords => ({
  menu: {
    file: '文件(&F)',
    addLinks: '添加链接…',
    addFromFile: '从文件添加…',
    exportList: '导出列表…',
    exportSettings: '导出设置…',
    import: '导入…',
    settings: '设置…',
    quit: '退出',
    edit: '编辑(&E)',
    undo: '撤销',
    redo: '重做',
    cut: '剪切',
    copy: '复制',
    paste: '粘贴',
    selectAll: '全选',
    find: '查找',
    view: '视图(&V)',
    theme: '主题',
    themeSystem: '跟随系统',
    themeLight: '浅色',
    themeDark: '深色',
    traffic: '流量图',
    zoomIn: '放大',
    zoomOut: '缩小',
    zoomReset: '实际大小',
    fullScreen: '全屏',
    window: '窗口(&W)',
    minimize: '最小化',
    close: '关闭',
    help: '帮助(&H)',
    shortcuts: '按键',
    about: '关于 Sluice',
  },
  tray: {
    idle: '没有任务',
    running: (count, speed) => `${f.count(count)} 个进行中，${speed}`,
    show: '显示 Sluice',
    addFromClipboard: '从剪贴板添加链接',
    pauseAll: '全部暂停',
    resumeAll: '全部继续',
    quit: '退出',
  },
  notice: {
    done: (count, name) => (count === 1 ? name : `${f.count(count)} 个下载已完成`),
    doneBody: (count, name) => (count === 1 ? '下载已完成。' : `${name} 等`),
    failed: (count, name) => (count === 1 ? `${name} 失败` : `${f.count(count)} 个下载失败`),
    failedBody: (count, name, code) => (count === 1 ? failuresZh[code] : `${name}：${failuresZh[code]} 等`),
  },
  lists: '列表',
  notStarted: 'Sluice 无法启动',
  unforeseen: { title: 'Sluice 遇到意外错误，必须退出', hint: '已保存的内容不会丢失：重新启动后将从那里继续。' },
});

/** The words of a language, with numbers as `format` writes them. */
export function shellWords(language: Language, format: Format): ShellWords {
  return language === 'zh-CN' ? zh(format) : en(format);
}
