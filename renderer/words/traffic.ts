// The words of the Traffic view, in both languages.
import type { Format } from '../../shared/format.ts';

export function trafficEn({ count: n }: Format) {
  const many = (count: number, one: string, other: string) => `${n(count)} ${count === 1 ? one : other}`;
  return {
    messagesPerS: (count: string, pipes: number) =>
      `${count} ${count === '1' ? 'message' : 'messages'} a second on ${many(pipes, 'pipe', 'pipes')}`,
    pausePicture: 'Pause picture',
    goOn: 'Go on',
    taskQueue: 'Task queue',
    resultQueue: 'Result queue',
    store: 'SQLite',
    perS: (rate: string) => `${rate}/s`,
    putRate: (rate: string) => `put ${rate}/s`,
    getRate: (rate: string) => `get ${rate}/s`,
    gettersWait: (count: number) =>
      count === 0 ? 'nobody waits' : count === 1 ? '1 getter waits' : `${n(count)} getters wait`,
    puts: (count: number) => `${n(count)} put`,
    transactions: (rate: string) => `${rate} tx/s`,
    thisComputer: 'this computer',
    thisComputerTitle: 'This computer',
    pid: (pid: number) => `pid ${pid}`,
    cpu: (percent: string) => `CPU ${percent}`,
    leases: (count: number) => many(count, 'lease', 'leases'),
    leasesColumn: 'Leases',
    workerColumn: 'Worker',
    producer: (name: string) => ({ window: 'Window', demo: 'Demo', 'command line': 'Command line' })[name] ?? name,
    /** What stands at an end of a pipe, but for workers; producers of other programs have names of their own. */
    pipeEnd: (name: string) => name,
    moreProducers: (count: number) => `+${n(count)} more`,
    settled: (count: number) => `${n(count)} settled`,
    workerName: (id: number) => `Worker ${n(id)}`,
    workerState: (state: string) =>
      ({ starting: 'Starting', ready: 'Ready', stopping: 'Stopping', gone: 'Gone' })[state] ?? state,
    noWorkers: 'No worker is running.',
    messages: 'Messages',
    messagesOf: 'Show the messages of',
    showAllOf: (place: string) => `${place}: show all messages`,
    filterMessages: 'Filter messages',
    noMessages: 'No messages yet.',
    noMessagesFit: 'No message fits the filter.',
    locks: 'Locks',
    noLocks: 'Nothing is locked.',
    lockHolder: (holder: string, depth: number) => (depth > 1 ? `${holder} (${n(depth)}×)` : holder),
    hostHolders: (used: number, places: number, holders: readonly string[]) =>
      `${n(used)} of ${n(places)}: ${holders.join(', ')}`,
    lockWaiters: (count: number) => (count === 0 ? 'nobody waits' : count === 1 ? '1 waits' : `${n(count)} wait`),
    peers: 'Peers',
    noPeers: 'No other machine and no program is here.',
    doorsShut: 'The doors for other machines and programs are shut.',
    peerDoor: { coordinator: 'Other machines', python: 'Python programs' },
    peerCounts: (strangers: number, wrongKeys: number) =>
      `${n(strangers)} not logged in, ${many(wrongKeys, 'wrong key', 'wrong keys')}`,
    trafficPicture: 'Producers, task queue, workers and result queue',
  };
}

export function trafficZh({ count: n }: Format): ReturnType<typeof trafficEn> {
  return {
    messagesPerS: (count, pipes) => `每秒 ${count} 条消息，${n(pipes)} 条管道`,
    pausePicture: '暂停画面',
    goOn: '继续',
    taskQueue: '任务队列',
    resultQueue: '结果队列',
    store: 'SQLite',
    perS: (rate) => `${rate}/秒`,
    putRate: (rate) => `放入 ${rate}/秒`,
    getRate: (rate) => `取出 ${rate}/秒`,
    gettersWait: (count) => (count === 0 ? '无等待' : `${n(count)} 个等待取出`),
    puts: (count) => `已放入 ${n(count)}`,
    transactions: (rate) => `${rate} 事务/秒`,
    thisComputer: '本机',
    thisComputerTitle: '本机',
    pid: (pid) => `pid ${pid}`,
    cpu: (percent) => `CPU ${percent}`,
    leases: (count) => `${n(count)} 个租约`,
    leasesColumn: '租约',
    workerColumn: '工作进程',
    producer: (name) => ({ window: '窗口', demo: '演示', 'command line': '命令行' })[name] ?? name,
    pipeEnd: (name) =>
      ({
        ...{ engine: '引擎', 'task queue': '任务队列', 'result queue': '结果队列', store: 'SQLite' },
        ...{ window: '窗口', demo: '演示', 'command line': '命令行' },
      })[name] ?? name,
    moreProducers: (count) => `另有 ${n(count)} 个`,
    settled: (count) => `已处理 ${n(count)}`,
    workerName: (id) => `工作进程 ${n(id)}`,
    workerState: (state) => ({ starting: '启动中', ready: '就绪', stopping: '停止中', gone: '已离开' })[state] ?? state,
    noWorkers: '没有工作进程在运行。',
    messages: '消息',
    messagesOf: '显示其消息',
    showAllOf: (place) => `${place}：显示全部消息`,
    filterMessages: '筛选消息',
    noMessages: '还没有消息。',
    noMessagesFit: '没有符合筛选的消息。',
    locks: '锁',
    noLocks: '没有锁。',
    lockHolder: (holder, depth) => (depth > 1 ? `${holder}（${n(depth)} 层）` : holder),
    hostHolders: (used, places, holders) => `${n(used)} / ${n(places)}：${holders.join('、')}`,
    lockWaiters: (count) => (count === 0 ? '无等待' : `${n(count)} 个等待`),
    peers: '连接方',
    noPeers: '没有其他机器或程序在线。',
    doorsShut: '其他机器和程序的入口都已关闭。',
    peerDoor: { coordinator: '其他机器', python: 'Python 程序' },
    peerCounts: (strangers, wrongKeys) => `${n(strangers)} 个未登录，错误密钥 ${n(wrongKeys)} 次`,
    trafficPicture: '生产者、任务队列、工作进程与结果队列',
  };
}
