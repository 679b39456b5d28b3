// The words of other machines, in both languages.
import type { MachineMode } from '../../shared/machines.ts';

export const machinesEn = {
  others: 'Other machines',
  none: 'No other machine has joined yet.',
  mode: {
    working: 'working',
    draining: 'finishing what it has',
    paused: 'paused',
    removed: 'removed: it may not join',
  } satisfies Record<MachineMode, string>,
  away: 'not here',
  drained: 'has finished, takes no more',
  seen: (when: string) => `last seen ${when}`,
  sluice: (version: string) => `Sluice ${version}`,
  running: (count: string) => `${count} running`,
  files: (count: string, size: string) => `${count} done, ${size}`,
  drain: 'Finish and stop',
  pause: 'Pause',
  work: 'Let it work',
  letIn: 'Let it in again',
  remove: 'Remove',
  forget: 'Forget',
  showFiles: 'What it downloaded',
  hideFiles: 'Hide',
  sentBack: 'here, sent back',
  actionsOf: (name: string) => `What ${name} is to do`,
  addressLoopback:
    'This address is for this computer alone: no other machine reaches it, and nobody finds it on the network.',
};

export const machinesZh: typeof machinesEn = {
  others: '其他机器',
  none: '还没有其他机器加入。',
  mode: { working: '工作中', draining: '正在完成手头任务', paused: '已暂停', removed: '已移除，不能加入' },
  away: '不在线',
  drained: '已完成，不再领取',
  seen: (when) => `最后出现 ${when}`,
  sluice: (version) => `Sluice ${version}`,
  running: (count) => `${count} 个进行中`,
  files: (count, size) => `完成 ${count} 个，${size}`,
  drain: '完成后停止',
  pause: '暂停',
  work: '让它工作',
  letIn: '重新允许加入',
  remove: '移除',
  forget: '忘记',
  showFiles: '它下载的文件',
  hideFiles: '收起',
  sentBack: '已传回本机',
  actionsOf: (name) => `让 ${name} 做什么`,
  addressLoopback: '此地址仅限本机：其他机器无法连接，也无法在网络中发现。',
};
