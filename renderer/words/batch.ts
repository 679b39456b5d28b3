// The words for what holds for a whole batch of links, in both languages.

export const batchEn = {
  more: 'More options',
  category: 'Category',
  categoryByName: 'As each name tells',
  priority: 'Priority',
  connections: 'Connections each, at most',
  headers: 'Headers, one a line',
  headersWrong: 'A header is written “Name: value”.',
  checksumWrong: 'This is no MD5, SHA-1, SHA-256 or SHA-512.',
  checksumsTaken: (count: string) => `Checksums taken: ${count}`,
};

export const batchZh: typeof batchEn = {
  more: '更多选项',
  category: '分类',
  categoryByName: '按文件名判断',
  priority: '优先级',
  connections: '每个文件的连接数上限',
  headers: '请求头，每行一个',
  headersWrong: '请求头应写成“名称: 值”。',
  checksumWrong: '这不是 MD5、SHA-1、SHA-256 或 SHA-512。',
  checksumsTaken: (count) => `已采用校验和：${count}`,
};
