// The words that the shell itself says, outside of the window: menus, dialogs of the system. In both languages.
import type { Language } from '../../shared/language.ts';

const en = {
  menu: {
    file: '&File',
    addLinks: 'Add Links…',
    addFromFile: 'Add From File…',
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
};

export type ShellWords = typeof en;

const zh: ShellWords = {
  menu: {
    file: '文件(&F)',
    addLinks: '添加链接…',
    addFromFile: '从文件添加…',
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
};

/** The words of a language. */
export function shellWords(language: Language): ShellWords {
  return language === 'zh-CN' ? zh : en;
}
