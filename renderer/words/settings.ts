// The words of the settings page, in both languages.
import type { Settings } from '../../shared/settings.ts';

type SettingWords = Record<keyof Settings, { label: string; help: string }>;

export const settingsEn: SettingWords = {
  dir: { label: 'Download folder', help: 'Where files go unless you choose another folder while adding.' },
  categories: {
    label: 'Categories and their folders',
    help: 'Told by the extension of a name. A folder is for new downloads, unless you choose another while adding.',
  },
  workers: { label: 'Worker processes', help: '0 means as many as this computer has cores.' },
  parallel: { label: 'Downloads at once', help: 'How many downloads run at the same time.' },
  connectionsPerDownload: { label: 'Connections per download', help: 'At most; fewer where more bring nothing.' },
  connectionsPerHost: { label: 'Connections per host', help: 'All downloads from one server together.' },
  scheduleOn: {
    label: 'Follow a timetable',
    help: 'Each hour of the week as painted below, by this computer’s clock.',
  },
  scheduleLimitBytesPerS: {
    label: 'Limit in limited hours',
    help: 'For all downloads together; the limit above holds, too.',
  },
  week: { label: 'Timetable', help: 'What runs when an hour without downloads begins goes on after it.' },
  limitBytesPerS: { label: 'Speed limit', help: 'For all downloads together. Empty means no limit.' },
  maxRetries: {
    label: 'Tries after an error',
    help: 'How often a lost connection is tried again before a download fails.',
  },
  connectTimeoutMs: { label: 'Time to connect', help: 'How long a server may take to accept a connection.' },
  idleTimeoutMs: { label: 'Time without data', help: 'How long a connection may be silent before it is replaced.' },
  allowInsecureRedirect: {
    label: 'Follow redirects from https to http',
    help: 'Anyone on the way could then read and change the file.',
  },
  lane: { label: 'Way of transfer', help: 'The direct lane is faster; node-fetch is used where it does not fit.' },
  hash: {
    label: 'Compute SHA-256 of finished files',
    help: 'In the background, for files that came without a checksum.',
  },
  proxy: { label: 'Proxy', help: 'An http, https or socks5 address. Empty means none but the environment’s.' },
  extraCaFile: {
    label: 'Extra certificate authority',
    help: 'Path of a PEM file that is trusted besides the built-in ones.',
  },
  noProxy: {
    label: 'Hosts without a proxy',
    help: 'With spaces between: example.org with all below it, 10.0.0.0/8, *. What NO_PROXY names is excepted, too.',
  },
  userAgent: { label: 'User agent', help: 'What Sluice calls itself to servers. Empty means its name and version.' },
  cookiesFile: {
    label: 'Cookies file',
    help: 'Path of a Netscape cookies.txt. Each cookie goes only to the host it is of.',
  },
  hostRules: {
    label: 'Rules for hosts',
    help: 'Logins, headers, cookies, limits and exceptions for single hosts. Machines that join get them, too.',
  },
  coordinator: { label: 'Let other machines join', help: 'A door where workers elsewhere take tasks, behind a key.' },
  coordinatorHost: {
    label: 'Address of that door',
    help: '127.0.0.1 is for this computer alone. Any other address is encrypted.',
  },
  coordinatorPort: { label: 'Its port', help: 'Another one is taken when this one is not free.' },
  discoverable: {
    label: 'Be found on the network',
    help: 'Answers who asks, with the name, the port and the fingerprint, never the key.',
  },
  pythonDoor: {
    label: 'Let Python programs join',
    help: 'They use the queues with their standard library alone.',
  },
  pythonHost: {
    label: 'Address for Python programs',
    help: '127.0.0.1 is for this computer alone. Anywhere else nothing is encrypted: only for a network that you trust.',
  },
  pythonPort: { label: 'Port for Python programs', help: 'Python programs connect there.' },
  pythonDicts: {
    label: 'Results as dicts for Python programs',
    help: 'With path, size and SHA-256, instead of the text URL--->success.',
  },
  pythonMd5: { label: 'Accept Python before 3.12', help: 'It proves its key with MD5, which is weaker.' },
  notifications: { label: 'Notifications', help: 'When downloads finish or fail while you look elsewhere.' },
  clipboardWatch: {
    label: 'Offer links that are copied',
    help: 'Looks at the clipboard while Sluice is open. Nothing is added before you say so.',
  },
  closeToTray: {
    label: 'Go on in the tray when the window is closed',
    help: 'Where there is no tray, the window goes to the task bar instead.',
  },
  keepAwake: { label: 'Stay awake while downloading', help: 'The screen may still go dark.' },
  startAtLogin: { label: 'Start when you log in', help: 'For this user only.' },
  whenDone: {
    label: 'When all is done',
    help: 'Once: after a countdown that you can stop. Back to nothing afterwards.',
  },
  theme: { label: 'Theme', help: 'Light or dark.' },
  language: { label: 'Language', help: 'Of the window and its menus.' },
};

export const settingsZh: SettingWords = {
  dir: { label: '下载文件夹', help: '添加时没有另选文件夹的文件保存在这里。' },
  categories: {
    label: '分类及其文件夹',
    help: '按文件扩展名区分。文件夹用于新的下载，除非添加时另选。',
  },
  workers: { label: '工作进程数', help: '0 表示与本机核心数相同。' },
  parallel: { label: '同时下载数', help: '同时进行的下载数量。' },
  connectionsPerDownload: { label: '每个下载的连接数', help: '上限；再多没有好处时会更少。' },
  connectionsPerHost: { label: '每台主机的连接数', help: '同一服务器的所有下载合计。' },
  scheduleOn: { label: '按时间表', help: '一周中的每个小时按下方涂画，以本机时钟为准。' },
  scheduleLimitBytesPerS: { label: '限速时段的速度', help: '所有下载合计；上面的速度限制同样有效。' },
  week: { label: '时间表', help: '进入不下载的时段时正在进行的下载，之后会自动继续。' },
  limitBytesPerS: { label: '速度限制', help: '所有下载合计。留空表示不限速。' },
  maxRetries: { label: '出错后的重试次数', help: '连接中断后重试多少次才算失败。' },
  connectTimeoutMs: { label: '连接时限', help: '服务器接受连接最多可用的时间。' },
  idleTimeoutMs: { label: '无数据时限', help: '连接静默多久后被替换。' },
  allowInsecureRedirect: { label: '允许从 https 重定向到 http', help: '途中的任何人都可能读取和篡改文件。' },
  lane: { label: '传输方式', help: '直连更快；不适用时使用 node-fetch。' },
  hash: { label: '计算已完成文件的 SHA-256', help: '在后台为没有校验和的文件计算。' },
  proxy: { label: '代理', help: 'http、https 或 socks5 地址。留空则只用环境变量中的代理。' },
  extraCaFile: { label: '额外的证书颁发机构', help: '除内置之外还信任的 PEM 文件路径。' },
  noProxy: {
    label: '不用代理的主机',
    help: '以空格分隔：example.org 及其下主机、10.0.0.0/8、*。NO_PROXY 中的主机同样例外。',
  },
  userAgent: { label: '用户代理', help: '向服务器自报的名称。留空则为名称和版本。' },
  cookiesFile: { label: 'Cookie 文件', help: 'Netscape 格式 cookies.txt 的路径。每个 Cookie 只发给它所属的主机。' },
  hostRules: {
    label: '主机规则',
    help: '为单个主机设定登录、请求头、Cookie、限速和例外。加入的其他机器也会得到这些规则。',
  },
  coordinator: { label: '允许其他机器加入', help: '其他机器的工作进程凭密钥在此领取任务。' },
  coordinatorHost: { label: '监听地址', help: '127.0.0.1 仅限本机。其他地址会加密。' },
  coordinatorPort: { label: '监听端口', help: '被占用时使用其他端口。' },
  discoverable: { label: '允许在网络中被发现', help: '只回答名称、端口和指纹，绝不包含密钥。' },
  pythonDoor: { label: '允许 Python 程序加入', help: '程序只用 Python 标准库即可使用队列。' },
  pythonHost: {
    label: 'Python 程序的地址',
    help: '127.0.0.1 仅限本机。其他地址不加密：只用于可信的网络。',
  },
  pythonPort: { label: 'Python 程序的端口', help: 'Python 程序连接到此端口。' },
  pythonDicts: { label: '以 dict 返回结果', help: '含路径、大小和 SHA-256，而不是文本 URL--->success。' },
  pythonMd5: { label: '接受 3.12 之前的 Python', help: '它们用较弱的 MD5 证明密钥。' },
  notifications: { label: '通知', help: '您在看别处时，下载完成或失败会通知您。' },
  clipboardWatch: { label: '提供复制的链接', help: 'Sluice 打开时留意剪贴板。未经您同意不会添加任何内容。' },
  closeToTray: { label: '关闭窗口后留在托盘', help: '没有托盘时，窗口会最小化到任务栏。' },
  keepAwake: { label: '下载时保持唤醒', help: '屏幕仍可变暗。' },
  startAtLogin: { label: '登录时启动', help: '仅对当前用户。' },
  whenDone: { label: '全部完成后', help: '仅一次：先有可停止的倒计时，之后恢复为无操作。' },
  theme: { label: '主题', help: '浅色或深色。' },
  language: { label: '语言', help: '窗口和菜单的语言。' },
};
