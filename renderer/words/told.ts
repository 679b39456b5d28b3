// The words for why something was not taken or not done, and what is wrong with what a person wrote, in both languages.
import type { Failure } from '../../shared/failure.ts';
import { failuresZh } from '../../shared/failure-words.ts';
import type { Issues } from '../../shared/schema.ts';
import type { Rejection, Told } from '../../shared/told.ts';
import { reasonOf, sentence, whysEn } from '../../shared/why.ts';
import { whysZh } from '../../shared/whys-zh.ts';

/** What is said, in English and by its code and values. */
type SaidOf = Pick<Told, 'message' | 'said'>;

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

/** What holds for each field: what is said of whatever is wrong with it. */
const wrongEn: Record<string, string> = {
  name: 'The name of a category has 1 to 60 characters.',
  extensions:
    'An extension is what follows the last dot of a name, such as zip, of at most 20 characters; a category has at most 300.',
  dir: 'The path of a folder has at most 4096 characters.',
  host: 'A host such as example.org, *.example.org or example.org:8080; * is every host.',
  headers: 'A header’s name has letters, digits and dashes; its value at most 8192 characters.',
  referrer: 'A referrer has at most 8192 characters.',
  user: 'A user name has at most 1000 characters.',
  password: 'A password has at most 1000 characters.',
  bearer: 'A token has at most 8192 characters.',
  limitBytesPerS: 'A limit is at least 1024 bytes a second.',
  connections: 'There are 1 to 256 connections.',
};
const wrongZh: Record<string, string> = {
  name: '分类的名称须为 1 至 60 个字符。',
  extensions: '扩展名是文件名最后一个点之后的部分，如 zip，不超过 20 个字符；每个分类最多 300 个。',
  dir: '文件夹的路径不能超过 4096 个字符。',
  host: '主机应写成 example.org、*.example.org 或 example.org:8080；* 代表所有主机。',
  headers: '请求头的名称只能含字母、数字和连字符；值不能超过 8192 个字符。',
  referrer: '来源页不能超过 8192 个字符。',
  user: '用户名不能超过 1000 个字符。',
  password: '密码不能超过 1000 个字符。',
  bearer: '令牌不能超过 8192 个字符。',
  limitBytesPerS: '限速至少为每秒 1024 字节。',
  connections: '连接数必须为 1 至 256。',
};

export const toldEn = {
  rejection: (reason: Rejection | undefined) => rejectionsEn[reason ?? 'not-a-url'],
  told: ({ message }: SaidOf): string => message,
  failureFull: ({ message }: Pick<Failure, 'code' | 'message' | 'said'>): string => message,
  wrong: (issues: Issues): string => wrongWords(issues, whysEn, wrongEn),
};

export const toldZh: typeof toldEn = {
  rejection: (reason) => rejectionsZh[reason ?? 'not-a-url'],
  told: ({ message, said }) => (said && sentence(whysZh, said.why, said)) ?? message,
  failureFull: ({ code, message, said }) =>
    (said && sentence(whysZh, said.why, said)) ?? `${failuresZh[code]}：${message}`,
  wrong: (issues) => wrongWords(issues, whysZh, wrongZh),
};

/** Of what a person wrote the first thing that is wrong: by a rule of its own, else by the field. */
function wrongWords(
  [issue]: Issues,
  whys: Record<'value-unfit' | (string & {}), string>,
  fields: Record<string, string>,
): string {
  const said = reasonOf(issue);
  const field = issue.path?.find(({ key }) => typeof key === 'string')?.key as string | undefined;
  return (said && sentence(whys, said.why, said)) ?? fields[field ?? ''] ?? whys['value-unfit'];
}
