// Why something happened to a download, in Chinese: what the engine and its workers say of it is English.

/** Each sentence that they have, with what varies in it. */
const sentences: readonly [RegExp, string][] = [
  [/^it takes no ranges$/, '不支持分段下载'],
  [/^it is far slower than the others$/, '远慢于其他来源'],
  [/^it has nothing that surely tells one content from another$/, '没有可以确认内容相同的标识'],
  [/^its bytes differ$/, '内容不同'],
  [/^the bytes differ from those already here$/, '与已下载的内容不同'],
  [/^it ends at (\d+)$/, '在第 $1 字节处结束'],
  [/^the file has (\d+) bytes now$/, '文件现有 $1 字节'],
  [/^the length was (\d+) and is (\d+)$/, '长度原为 $1，现为 $2'],
  [/^the (md5|sha1|sha256|sha512) was (\S+) and is (\S+)$/, '$1 原为 $2，现为 $3'],
  [/^the ETag was (.+) and is (.+)$/i, 'ETag 原为 $1，现为 $2'],
  [/^Last-Modified was (.+) and is (.+)$/i, 'Last-Modified 原为 $1，现为 $2'],
  [/^it ended unexpectedly$/, '意外结束'],
  [/^its pipe broke \((.*)\)$/s, '通信管道中断（$1）'],
  [/^it sent a message that makes no sense$/, '发来了无法理解的消息'],
  [/^it spoke before its hello$/, '未打招呼就发来消息'],
  [/^it said hello twice$/, '重复打招呼'],
  [/^it speaks protocol (\d+), this engine (\d+)$/, '其协议为 $1，本引擎为 $2'],
  [/^the connection of the Python program ended$/, '与 Python 程序的连接已断开'],
];

/** A sentence that is not among them stays as it is. */
export function whyZh(why: string): string {
  // They begin with a capital letter where they stand alone.
  const plain = why.replace(/^I(?=t[s ])/, 'i').replace(/^T(?=he )/, 't');
  const found = sentences.find(([pattern]) => pattern.test(plain));
  return found ? plain.replace(...found) : why;
}

/** Workers are called `worker 3`; programs that take work have names of their own. */
export function workerZh(name: string): string {
  return name.replace(/^worker (\d+)$/, '工作进程 $1');
}
