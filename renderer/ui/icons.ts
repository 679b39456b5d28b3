// Line icons on a field of 16, drawn for Sluice, as SVG paths.
export const icons = {
  all: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  active: 'M8 2.5v8M4.5 7.500 8 11l3.500-3.500M3 13.500h10',
  queued: 'M8 4.500V8l2.500 1.500M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z',
  paused: 'M5.500 3.500v9M10.500 3.500v9',
  done: 'm3 8.500 3.500 3.500L13 4.500',
  failed: 'M8 5v3.500M8 11v.1M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z',
  folder: 'M2 4.500c0-.6.4-1 1-1h3l1.500 1.500H13c.6 0 1 .4 1 1v6c0 .6-.4 1-1 1H3c-.6 0-1-.4-1-1Z',
  traffic: 'M2 8h2.500l2-4.500 3 9 2-4.500H14',
  machines: 'M2.500 3h11v4h-11ZM2.500 9h11v4h-11ZM5 5v.1M5 11v.1',
  settings: 'M2.500 5h5M11 5h2.500M2.500 11H5M8.500 11h5M9.200 3.300v3.400M6.800 9.300v3.400',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.300 10.300 13.500 13.500',
  close: 'm4 4 8 8M12 4l-8 8',
  play: 'M5 3.300v9.400L12.500 8Z',
  retry: 'M13 8a5 5 0 1 1-1.500-3.600M13 2.500v3h-3',
  trash: 'M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.5 8.500h6l.5-8.500',
  more: 'M3.500 8v.1M8 8v.1M12.500 8v.1',
  menu: 'M2.500 4h11M2.500 8h11M2.500 12h11',
  gauge: 'M2.500 11.500a6 6 0 1 1 11 0M8 9.500l2.500-3',
  down: 'M8 3v9.500M4 8.800 8 12.500l4-3.700',
  chevron: 'm4.500 6.500 3.500 3.500 3.500-3.500',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8Z',
};

export type IconName = keyof typeof icons;
