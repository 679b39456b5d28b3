// A download's event log in plain words, in both languages. Details that an event lacks are left out of its sentence.
import type { DownloadEvent, EventKind } from '../../shared/download.ts';
import type { FailureCode } from '../../shared/failure.ts';
import { failuresEn, failuresZh } from '../../shared/failure-words.ts';
import type { Format } from '../../shared/format.ts';
import { sentence, whysEn } from '../../shared/why.ts';
import { whysZh } from '../../shared/whys-zh.ts';

type Detail = DownloadEvent['detail'];
type EventWords = Record<EventKind, (detail: Detail) => string>;

/** The first of the named details that is there, as text. */
function text(detail: Detail, ...names: string[]): string {
  for (const name of names) {
    const value = detail[name];
    if (value !== undefined && value !== null && value !== '') return String(value);
  }
  return '';
}

function number(detail: Detail, ...names: string[]): number | null {
  for (const name of names) if (typeof detail[name] === 'number') return detail[name];
  return null;
}

/** A number and its unit stay on one line. */
const whole = (amount: string) => amount.replaceAll(' ', '\u00a0');
const after = (lead: string, value: string) => (value ? `${lead}${value}` : '');

function connectionsEn(detail: Detail): string {
  const host = text(detail, 'host');
  if (detail['change'] === 'dropped')
    return `A connection${after(' to ', host)} was refused or broke; the others go on`;
  if (detail['change'] === 'replaced') return 'A connection far slower than the others was replaced';
  return `Connections: ${text(detail, 'count') || 'changed'}`;
}

function connectionsZh(detail: Detail): string {
  const host = text(detail, 'host');
  if (detail['change'] === 'dropped') return `${after('到 ', host)}${host ? ' ' : ''}的一个连接被拒或中断，其余继续`;
  if (detail['change'] === 'replaced') return '远慢于其他的一个连接已被替换';
  return `连接数：${text(detail, 'count') || '已变'}`;
}

/** What has no reason that is known here, as in logs of an older Sluice, stays as it was written. */
const written = (detail: Detail) => text(detail, 'message', 'why', 'reason');

/** The words for the code of a failure. */
function failure(codes: Record<FailureCode, string>, detail: Detail): string {
  const code = text(detail, 'code');
  return Object.hasOwn(codes, code) ? codes[code as FailureCode] : '';
}

function whyEn(detail: Detail): string {
  return sentence(whysEn, text(detail, 'why'), detail) ?? (written(detail) || failure(failuresEn, detail));
}

/** What was written is English: the words for its code are said before it. */
function whyZh(detail: Detail): string {
  const said = sentence(whysZh, text(detail, 'why'), detail);
  return said ?? [failure(failuresZh, detail), written(detail)].filter(Boolean).join('：');
}

/** Most workers go by a number; programs that take work have names of their own. */
function worker(word: string, detail: Detail): string {
  return number(detail, 'worker') === null ? text(detail, 'worker') : `${word} ${text(detail, 'worker')}`;
}

const workerEn = (detail: Detail) => worker('worker', detail);
const workerZh = (detail: Detail) => worker('工作进程', detail);

export function eventsEn(f: Format): EventWords {
  const bytes = (detail: Detail, ...names: string[]) => {
    const value = number(detail, ...names);
    return value === null ? '' : whole(f.size(value));
  };
  const seconds = (detail: Detail) => {
    const value = number(detail, 'afterMs', 'waitMs', 'retryAfterMs', 'delayMs', 'ms');
    return value === null ? '' : whole(`${f.count(Math.max(1, Math.round(value / 1000)))} s`);
  };
  return {
    added: (d) => `Added${after(' by ', text(d, 'producer', 'by'))}`,
    started: (d) => `Started${after(' on ', workerEn(d))}${after(', from ', bytes(d, 'from', 'offset', 'bytes'))}`,
    redirected: (d) => `Redirected${after(' to ', text(d, 'to', 'url', 'host', 'location'))}`,
    answered: (d) =>
      `Server answered${after(' ', text(d, 'status', 'httpStatus'))}${after(', ', bytes(d, 'totalBytes', 'sizeBytes', 'length'))}${after(', ETag ', text(d, 'etag'))}`,
    'no-ranges': () => 'Server sends only the whole file: one connection',
    connections: (d) => connectionsEn(d),
    retrying: (d) =>
      text(d, 'status') !== ''
        ? `Server answered ${text(d, 'status')}, waiting${after(' ', seconds(d))}`
        : `Trying again${after(' in ', seconds(d))}${after(': ', whyEn(d))}${after(' from ', bytes(d, 'from', 'offset'))}`,
    waiting: (d) =>
      `${text(d, 'status', 'httpStatus') ? `Server answered ${text(d, 'status', 'httpStatus')}, waiting` : 'Waiting'}${after(' ', seconds(d))}${after(': ', text(d, 'reason'))}`,
    resumed: (d) => `Went on${after(' from ', bytes(d, 'from', 'fromBytes', 'offset', 'bytes'))}`,
    'overlap-compared': (d) =>
      `Compared ${bytes(d, 'bytes', 'sizeBytes') || 'the overlap'} with ${text(d, 'host') || 'the server'}: ${d.equal === false ? 'different' : 'the same'}`,
    'changed-on-server': (d) => `The file changed on the server${after(': ', whyEn(d))}`,
    'restarted-from-zero': (d) =>
      `Started again from zero${number(d, 'keptBytes') ? `; the ${bytes(d, 'keptBytes')} so far are kept until there is more` : ''}`,
    'link-expired': (d) =>
      `The link has expired${after(' (', text(d, 'status', 'httpStatus'))}${text(d, 'status', 'httpStatus') ? ')' : ''}: asked the first address again`,
    renamed: (d) => `Named ${text(d, 'name', 'to', 'path') || 'anew'}`,
    paused: (d) => `Paused${after(': ', text(d, 'reason'))}`,
    'disk-full': (d) => `The disk is full${after(': needs ', bytes(d, 'neededBytes', 'needBytes', 'bytes'))}`,
    verified: (d) => `Verified${after(': ', text(d, 'algorithm'))}${after(' ', text(d, 'hex').slice(0, 16))}`,
    hashed: (d) => `SHA-256 computed${after(': ', text(d, 'sha256', 'hex').slice(0, 16))}`,
    done: (d) =>
      `Finished${after(': ', bytes(d, 'sizeBytes', 'bytes'))}${d.endTold === false ? '; the server told no length, so nobody can say whether this is all of it' : ''}`,
    failed: (d) => `Failed${after(': ', whyEn(d))}`,
    'worker-lost': (d) => `${workerEn(d) || 'The worker'} was lost; another one goes on${after(': ', whyEn(d))}`,
    'part-file-lost': (d) => `The unfinished file is gone or was changed${after(': ', text(d, 'reason', 'message'))}`,
    'mirror-dropped': (d) => `Mirror${after(' ', text(d, 'host', 'url'))} dropped${after(': ', whyEn(d))}`,
    'certificate-exception': (d) => `Certificate${after(' of ', text(d, 'host'))} not checked, by your choice`,
    'new-link': (d) => `New link given${after(': ', text(d, 'url', 'host'))}`,
    lane: (d) => `Lane: ${text(d, 'lane') || 'changed'}${after(', ', text(d, 'reason', 'why'))}`,
    limit: (d) =>
      number(d, 'bytesPerS') === null
        ? 'Speed limit taken off'
        : `Speed limit: ${whole(f.speed(number(d, 'bytesPerS')!))}`,
  };
}

export function eventsZh(f: Format): EventWords {
  const bytes = (detail: Detail, ...names: string[]) => {
    const value = number(detail, ...names);
    return value === null ? '' : whole(f.size(value));
  };
  const seconds = (detail: Detail) => {
    const value = number(detail, 'afterMs', 'waitMs', 'retryAfterMs', 'delayMs', 'ms');
    return value === null ? '' : whole(`${f.count(Math.max(1, Math.round(value / 1000)))} 秒`);
  };
  return {
    added: (d) => `已添加${after('，来自 ', text(d, 'producer', 'by'))}`,
    started: (d) =>
      `开始${after('，', workerZh(d))}${after('，从 ', bytes(d, 'from', 'fromBytes', 'offset', 'bytes'))}`,
    redirected: (d) => `重定向${after('到 ', text(d, 'to', 'url', 'host', 'location'))}`,
    answered: (d) =>
      `服务器应答${after(' ', text(d, 'status', 'httpStatus'))}${after('，', bytes(d, 'totalBytes', 'sizeBytes', 'length'))}${after('，ETag ', text(d, 'etag'))}`,
    'no-ranges': () => '服务器只提供整个文件：使用单个连接',
    connections: (d) => connectionsZh(d),
    retrying: (d) =>
      text(d, 'status') !== ''
        ? `服务器应答 ${text(d, 'status')}，等待${after(' ', seconds(d))}`
        : `${after('', seconds(d))}${seconds(d) ? '后' : ''}重试${after('：', whyZh(d))}${after('，从 ', bytes(d, 'from', 'offset'))}`,
    waiting: (d) =>
      `${text(d, 'status', 'httpStatus') ? `服务器应答 ${text(d, 'status', 'httpStatus')}，等待` : '等待'}${after(' ', seconds(d))}${after('：', text(d, 'reason'))}`,
    resumed: (d) => `继续${after('，从 ', bytes(d, 'from', 'fromBytes', 'offset', 'bytes'))}`,
    'overlap-compared': (d) =>
      `与${text(d, 'host') ? ` ${text(d, 'host')} ` : '服务器'}比对 ${bytes(d, 'bytes', 'sizeBytes') || '重叠部分'}：${d.equal === false ? '不同' : '一致'}`,
    'changed-on-server': (d) => `服务器上的文件已变${after('：', whyZh(d))}`,
    'restarted-from-zero': (d) =>
      `从头重新开始${number(d, 'keptBytes') ? `；已有的 ${bytes(d, 'keptBytes')} 保留到新内容超过它为止` : ''}`,
    'link-expired': (d) =>
      `链接已过期${after('（', text(d, 'status', 'httpStatus'))}${text(d, 'status', 'httpStatus') ? '）' : ''}：重新请求原地址`,
    renamed: (d) => `命名为 ${text(d, 'name', 'to', 'path') || '新名称'}`,
    paused: (d) => `已暂停${after('：', text(d, 'reason'))}`,
    'disk-full': (d) => `磁盘已满${after('：需要 ', bytes(d, 'neededBytes', 'needBytes', 'bytes'))}`,
    verified: (d) => `已校验${after('：', text(d, 'algorithm'))}${after(' ', text(d, 'hex').slice(0, 16))}`,
    hashed: (d) => `已计算 SHA-256${after('：', text(d, 'sha256', 'hex').slice(0, 16))}`,
    done: (d) =>
      `完成${after('：', bytes(d, 'sizeBytes', 'bytes'))}${d.endTold === false ? '；服务器未告知长度，无法确认文件是否完整' : ''}`,
    failed: (d) => `失败${after('：', whyZh(d))}`,
    'worker-lost': (d) => `${workerZh(d) || '工作进程'} 丢失，由另一个继续${after('：', whyZh(d))}`,
    'part-file-lost': (d) => `临时文件丢失或被改动${after('：', text(d, 'reason', 'message'))}`,
    'mirror-dropped': (d) => `弃用镜像${after(' ', text(d, 'host', 'url'))}${after('：', whyZh(d))}`,
    'certificate-exception': (d) => `按您的选择未检查${after(' ', text(d, 'host'))} 的证书`,
    'new-link': (d) => `已更换链接${after('：', text(d, 'url', 'host'))}`,
    lane: (d) => `传输方式：${text(d, 'lane') || '已变'}${after('，', text(d, 'reason', 'why'))}`,
    limit: (d) => (number(d, 'bytesPerS') === null ? '已取消限速' : `限速：${whole(f.speed(number(d, 'bytesPerS')!))}`),
  };
}
