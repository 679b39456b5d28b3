// The words of the week's timetable, in both languages.
import type { HourKind } from '../../shared/schedule.ts';

export const weekEn = {
  days: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  daysShort: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  kind: { F: 'Full speed', L: 'Limited', N: 'No downloads' } satisfies Record<HourKind, string>,
  grid: 'Hours of the week',
  brush: 'Paint with',
  cell: (day: string, from: string, to: string, kind: string) => `${day}, ${from} to ${to}: ${kind}`,
  presets: { always: 'Always full', working: 'Limited at work', nights: 'Only at night' },
  hint: 'Drag over the hours, or move with the arrows and change with Space.',
  limitedUntil: (time: string | null) =>
    time === null ? 'Limited by the timetable' : `Limited by the timetable until ${time}`,
  offUntil: (time: string | null) =>
    time === null ? 'No downloads by the timetable' : `No downloads by the timetable until ${time}`,
};

export const weekZh: typeof weekEn = {
  days: ['星期一', '星期二', '星期三', '星期四', '星期五', '星期六', '星期日'],
  daysShort: ['一', '二', '三', '四', '五', '六', '日'],
  kind: { F: '全速', L: '限速', N: '不下载' },
  grid: '一周各小时',
  brush: '涂画方式',
  cell: (day, from, to, kind) => `${day} ${from} 到 ${to}：${kind}`,
  presets: { always: '始终全速', working: '工作时间限速', nights: '仅夜间下载' },
  hint: '在小时上拖动，或用方向键移动、空格键更改。',
  limitedUntil: (time) => (time === null ? '按时间表限速' : `按时间表限速至 ${time}`),
  offUntil: (time) => (time === null ? '时间表禁止下载' : `时间表禁止下载至 ${time}`),
};
