// Why something happened or was not done, in Chinese.
import { failureWhysZh } from './failure-whys-zh.ts';
import { toldWhysZh } from './told-whys-zh.ts';
import type { WhyCode } from './why.ts';

/** With the same values in them as the English ones. */
export const whysZh: Record<WhyCode, string> = {
  ...failureWhysZh,
  ...toldWhysZh,
  'no-ranges': '不支持分段下载',
  'far-slower': '远慢于其他来源',
  'nothing-tells': '没有可以确认内容相同的标识',
  'its-bytes-differ': '内容不同',
  'bytes-differ': '与已下载的内容不同',
  'ends-at': '在第 {bytes} 字节处结束',
  'size-now': '文件现有 {bytes} 字节',
  'length-changed': '长度原为 {was}，现为 {is}',
  'checksum-changed': '{algorithm} 原为 {was}，现为 {is}',
  'etag-changed': 'ETag 原为 {was}，现为 {is}',
  'date-changed': 'Last-Modified 原为 {was}，现为 {is}',
  'ended-itself': '意外结束',
  'pipe-broke': '因{since}，通信管道中断',
  'no-sense': '发来了无法理解的消息',
  'no-hello': '未打招呼就发来消息',
  'hello-twice': '重复打招呼',
  'other-protocol': '其协议为 {its}，本引擎为 {ours}',
  'program-gone': '与 Python 程序的连接已断开',
  'offer-no-sense': '提出送回文件，内容无法理解',
  'offer-twice': '重复提出送回同一文件',
  'offers-too-many': '同时提出送回的文件太多',
  'offer-other-length': '提出送回 {offered} 字节，而文件有 {bytes} 字节',
  'offer-other-sum': '提出送回的文件 SHA-256 不符',
  'piece-no-sense': '发来了无法理解的数据块',
  'piece-out-of-turn': '未按顺序发来第 {start} 至 {end} 字节',
  'other-than-offered': '发来的内容与其所提出的不同',
  'not-taken-in': '因{since}，发来的内容无法接收',
};
