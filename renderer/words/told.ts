// The words for why something was not taken or not done, and what is wrong with what a person wrote, in both languages.
import type { Coordination } from '../../shared/coordination.ts';
import type { Failure } from '../../shared/failure.ts';
import { failuresZh } from '../../shared/failure-words.ts';
import type { Rejection, Told, ToldCode } from '../../shared/told.ts';
import { sentence } from '../../shared/why.ts';
import { whysZh } from './whys.ts';

type DoorTrouble = NonNullable<Coordination['trouble']>;
/** A place in what was written, and what the rules say of it, in English. */
type Wrong = { path: readonly PropertyKey[]; message: string };

const rejectionsEn: Record<Rejection, string> = {
  'not-a-url': 'not a link',
  'unsupported-scheme': 'not http or https',
  'too-long': 'too long',
  'no-host': 'names no host',
  'bad-port': 'the port is no number',
  'bad-checksum': 'checksum of the wrong length',
  'no-checksum': 'no checksum of a file in the list',
  'unclear-checksum': 'unclear whose checksum it is; not taken',
  'empty-pattern': 'the pattern stands for nothing',
  'too-many': 'too many; left out',
  'no-links': 'no link in it',
  binary: 'not text',
  'no-such-file': 'no such file',
  'not-a-file': 'not a file',
  'no-permission': 'may not be read',
  'too-large': 'too large for a list',
  unreadable: 'cannot be read',
};

const rejectionsZh: Record<Rejection, string> = {
  'not-a-url': '不是链接',
  'unsupported-scheme': '不是 http 或 https',
  'too-long': '太长',
  'no-host': '没有主机名',
  'bad-port': '端口不是数字',
  'bad-checksum': '校验和长度不对',
  'no-checksum': '不是列表中文件的校验和',
  'unclear-checksum': '无法确定是哪个文件的校验和，未采用',
  'empty-pattern': '模式不代表任何链接',
  'too-many': '太多，已略去',
  'no-links': '其中没有链接',
  binary: '不是文本',
  'no-such-file': '没有这个文件',
  'not-a-file': '不是文件',
  'no-permission': '无权读取',
  'too-large': '作为列表太大',
  unreadable: '无法读取',
};

/** One that ends with a colon needs the English sentence after it: it has the name, the place or the system's reason. */
const toldZhOf: Record<ToldCode, string> = {
  ...rejectionsZh,
  'unknown-call': '不认识的请求：',
  'bad-argument': '此值不可用：',
  internal: '内部错误：',
  refused: '此页面无权请求。',
  bridge: '引擎没有响应。',
  gone: '运行中的 Sluice 已结束。',
  'answer-too-large': '回答太大：',
  'bad-url': '不是可下载的地址：',
  'bad-header': '请求头有误：',
  'bad-file': '此文件不可用：',
  'bad-folder': '此文件夹不能用作下载文件夹：',
  'one-checksum': '一个校验和不能用于多个下载。',
  'no-such-batch': '此列表已添加或已放弃，请重新拖入。',
  'no-settings': '这不是设置文件。',
  'no-setting-line': '每行应写作“名称 = 值”。',
  'no-such-setting': '没有这项设置。',
  'bad-setting': '这项设置不能取此值。',
  'not-read': '无法读取文件：',
  'not-written': '无法写入文件：',
  'no-demo': '此 Sluice 没有演示。',
  'this-machine': '本机可以收尾、停止或暂停，但不能移除。',
  'machine-here': '此机器仍在，请先移除。',
  'no-machine': '没有这台机器：',
  'not-found': '此下载已不在列表中。',
  'not-done': '尚未完成。',
  'not-opened': '无法打开：',
  'not-started': '未能开始：',
  'not-open': '入口尚未打开。',
  'list-not-written': '列表无法写入，不会丢失任何内容，一秒后重试：',
  'workers-crash': '工作进程接连在启动后结束，一分钟后重试：',
  'list-restored': '列表的数据库曾丢失或损坏，已尽量恢复：',
  'port-taken': '端口已被其他程序占用：',
  'no-address': '监听地址不属于本机：',
  'not-allowed': '系统不允许：',
  'not-opened-door': '出错：',
  unreachable: '无法连接对方：',
  lost: '连接已断开：',
  full: '对方暂不再接受工作进程。',
  barred: '对方暂时拒绝本机。',
  'wrong-key': '密钥不符。',
  'wrong-fingerprint': '对方证书的指纹不符：',
  protocol: '双方版本不同，请使用同一版本：',
  removed: '对方已移除本机，须由对方的人重新允许。',
  'not-encrypted': '另一台机器需要其证书的指纹。',
  'given-up': '已放弃加入。',
};

const doorsZh: Record<DoorTrouble['door'], string> = {
  coordinator: '其他机器的入口',
  python: 'Python 程序的入口',
  discoverable: '网络中的应答',
};

/** By the field where it stands; '' for what is about several together. */
const wrongZh: Record<string, string> = {
  name: '名称不可用：',
  extensions: '扩展名是文件名最后一个点之后的部分，如 zip：',
  dir: '文件夹不可用：',
  host: '主机应写成 example.org、*.example.org 或 example.org:8080；* 代表所有主机。',
  headers: '请求头的名称只能含字母、数字和连字符；值不能含换行和 Latin 1 以外的字符：',
  referrer: '来源不能含换行和 Latin 1 以外的字符。',
  user: '用户名太长。',
  password: '密码太长。',
  bearer: '令牌不能含换行和 Latin 1 以外的字符。',
  limitBytesPerS: '限速太小：',
  connections: '连接数必须为 1 至 256。',
  '': '名称或扩展名重复：',
};

const withDetail = (text: string, message: string) => (text.endsWith('：') ? text + message : text);

export const toldEn = {
  rejection: (reason: Rejection | undefined) => rejectionsEn[reason ?? 'not-a-url'],
  told: ({ message }: Told): string => message,
  doorTrouble: ({ message }: DoorTrouble): string => message,
  failureFull: ({ message }: Pick<Failure, 'code' | 'message' | 'said'>): string => message,
  wrong: ({ message }: Wrong): string => message,
};

export const toldZh: typeof toldEn = {
  rejection: (reason) => rejectionsZh[reason ?? 'not-a-url'],
  told: ({ code, message }) => withDetail(toldZhOf[code], message),
  doorTrouble: ({ door, code, message }) => `${doorsZh[door]}未打开：${withDetail(toldZhOf[code], message)}`,
  failureFull: ({ code, message, said }) =>
    (said && sentence(whysZh, said.why, said)) ?? `${failuresZh[code]}：${message}`,
  wrong: ({ path, message }) => {
    const field = path.find((part) => typeof part === 'string') ?? '';
    return withDetail(wrongZh[field] ?? '此值不可用：', message);
  },
};
