// What is measured: each work with its files, its way of counting and the figures it has to reach.
/** @typedef {import('./origin.mjs').Served} Served */
/** @typedef {import('./origin.mjs').Origin} Origin */

/**
 * @typedef {object} Figures medians of one tool's good runs
 * @property {number} wallS
 * @property {number} cpuS
 * @property {number} peakRssBytes
 * @property {number} peakPssBytes
 * @property {number} halfwayRssBytes
 * @property {number} startS until the first request; 0 where it is not asked
 * @property {number} databaseShare of one core; 0 where it is not asked
 */

/** @typedef {(tool: string) => Figures | undefined} Lookup */

/**
 * @typedef {object} Target
 * @property {string} title
 * @property {(of: Lookup) => number | undefined} value undefined: not to be said here
 * @property {number} limit
 * @property {'at most' | 'at least'} [sense] default: at most
 */

/**
 * @typedef {object} Work
 * @property {string} name for --only
 * @property {string} title
 * @property {'big' | 'many' | 'queued' | 'database'} kind
 * @property {'tmpfs' | 'disk'} target where the files go
 * @property {(origin: Origin, run: string) => string | null} base address of the files; null: this origin cannot
 * @property {Served[]} files
 * @property {number} connections
 * @property {number} parallel
 * @property {string[]} [tools] those asked; default: all
 * @property {Target[]} targets
 */

const MiB = 1 << 20;
const CAP = 20 * MiB;
/** Those that take one file over several connections; the others would only show the cap of one. */
const splitting = ['sluice', 'aria2c', 'axel', 'ipull'];

/** @type {(a: number | undefined, b: number | undefined) => number | undefined} */
const ratio = (a, b) => (a !== undefined && b ? a / b : undefined);

/** @type {(what: 'wallS' | 'cpuS', peer: string) => (of: Lookup) => number | undefined} */
const against = (what, peer) => (of) => ratio(of('sluice')?.[what], of(peer)?.[what]);

/**
 * @param {{ big: Served, paced: Served, parts: Served[], small: Served[], many: Served[], queued: number }} files
 * @returns {Work[]}
 */
export function works({ big, paced, parts, small, many, queued }) {
  const size = (/** @type {Served} */ { sizeBytes }) =>
    sizeBytes >= 1024 * MiB ? `${sizeBytes / 1024 / MiB} GiB` : `${sizeBytes / MiB} MiB`;
  /** @type {(files: Served[], name: string, target: 'tmpfs' | 'disk') => Work} */
  const smallFiles = (files, name, target) => ({
    name,
    title: `${files.length} files of 64 KiB, 16 at once, on ${target === 'tmpfs' ? 'tmpfs' : 'the disk'}`,
    kind: 'many',
    target,
    base: ({ http }) => http,
    files,
    connections: 8,
    parallel: 16,
    targets: [
      ...(target === 'tmpfs'
        ? [
            {
              title: 'files a second',
              value: (/** @type {Lookup} */ of) => ratio(files.length, of('sluice')?.wallS),
              limit: 1500,
              sense: /** @type {const} */ ('at least'),
            },
          ]
        : []),
      {
        title: 'times as fast as aria2c',
        value: (of) => ratio(of('aria2c')?.wallS, of('sluice')?.wallS),
        limit: 5,
        sense: 'at least',
      },
      { title: 'wall, of wget2', value: against('wallS', 'wget2'), limit: 1 },
    ],
  });
  /** @type {(name: string, target: 'tmpfs' | 'disk', targets: Target[]) => Work} */
  const database = (name, target, targets) => ({
    name,
    title: `time in the database while ${parts.length} downloads run, on ${target === 'tmpfs' ? 'tmpfs' : 'the disk'}`,
    kind: 'database',
    target,
    base: ({ http }) => http,
    files: parts,
    connections: 2,
    parallel: 16,
    tools: ['sluice'],
    targets,
  });
  return [
    {
      name: 'http',
      title: `${size(big)} over HTTP, no cap, 8 connections`,
      kind: 'big',
      target: 'tmpfs',
      base: ({ http }) => http,
      files: [big],
      connections: 8,
      parallel: 16,
      targets: [
        { title: 'wall, of aria2c', value: against('wallS', 'aria2c'), limit: 0.7 },
        { title: 'wall, of curl', value: against('wallS', 'curl'), limit: 1 },
        { title: 'CPU, of aria2c', value: against('cpuS', 'aria2c'), limit: 1.2 },
      ],
    },
    {
      name: 'https',
      title: `${size(big)} over HTTPS, no cap, 8 connections`,
      kind: 'big',
      target: 'tmpfs',
      base: ({ https }) => https,
      files: [big],
      connections: 8,
      parallel: 16,
      targets: [
        { title: 'wall, of aria2c', value: against('wallS', 'aria2c'), limit: 1 },
        { title: 'CPU, of aria2c', value: against('cpuS', 'aria2c'), limit: 1.2 },
      ],
    },
    {
      name: 'capped',
      title: `${size(big)} at 20 MiB/s for each of 8 connections`,
      kind: 'big',
      target: 'tmpfs',
      base: ({ capped }) => capped,
      files: [big],
      connections: 8,
      parallel: 16,
      tools: splitting,
      targets: [
        {
          title: 'share of 8 x 20 MiB/s',
          value: (of) => ratio(big.sizeBytes / (8 * CAP), of('sluice')?.wallS),
          limit: 0.97,
          sense: 'at least',
        },
        { title: 'wall, of axel', value: against('wallS', 'axel'), limit: 1 },
      ],
    },
    {
      name: 'even',
      title: `${size(paced)} at 20 MiB/s for each of 8 connections, from the pacing origin`,
      kind: 'big',
      target: 'tmpfs',
      base: ({ paced }, run) => paced(run, CAP, 0),
      files: [paced],
      connections: 8,
      parallel: 16,
      tools: splitting,
      targets: [],
    },
    {
      name: 'tail',
      title: 'the same with one connection 50 times slower',
      kind: 'big',
      target: 'tmpfs',
      base: ({ paced }, run) => paced(run, CAP, 3),
      files: [paced],
      connections: 8,
      parallel: 16,
      tools: splitting,
      targets: [
        {
          title: 'wall, of that without a slow one',
          value: (of) => ratio(of('sluice')?.wallS, of('even/sluice')?.wallS),
          limit: 1.1,
        },
      ],
    },
    smallFiles(small, 'small', 'tmpfs'),
    smallFiles(small, 'small-disk', 'disk'),
    smallFiles(many, 'many', 'tmpfs'),
    smallFiles(many, 'many-disk', 'disk'),
    {
      name: 'queued',
      title: `${queued} queued addresses: until the first is asked for, and memory`,
      kind: 'queued',
      target: 'tmpfs',
      base: ({ held }, run) => held(run),
      files: Array.from({ length: queued }, (_, index) => ({ name: `file-${index}.bin`, sizeBytes: 0, sha256: '' })),
      connections: 1,
      parallel: 16,
      tools: ['sluice', 'aria2c', 'wget2'],
      targets: [
        { title: 'memory in MiB', value: (of) => ratio(of('sluice')?.peakRssBytes, MiB), limit: 250 },
        { title: 'seconds to the first', value: (of) => of('sluice')?.startS, limit: 2 },
      ],
    },
    {
      name: 'start',
      title: 'from the start of the program until it asks for its one address',
      kind: 'queued',
      target: 'disk',
      base: ({ held }, run) => held(run),
      files: [{ name: 'file.bin', sizeBytes: 0, sha256: '' }],
      connections: 8,
      parallel: 16,
      targets: [{ title: 'seconds to the first', value: (of) => of('sluice')?.startS, limit: 0.4 }],
    },
    {
      name: 'memory',
      title: `memory while ${size(big)} comes on 16 connections`,
      kind: 'big',
      target: 'tmpfs',
      base: ({ http }) => http,
      files: [big],
      connections: 16,
      parallel: 16,
      tools: ['sluice', 'aria2c'],
      targets: [
        { title: 'memory in MiB', value: (of) => ratio(of('sluice')?.peakRssBytes, MiB), limit: 300 },
        {
          title: 'peak, of that in the first half',
          value: (of) => ratio(of('sluice')?.peakRssBytes, of('sluice')?.halfwayRssBytes),
          limit: 1.25,
        },
      ],
    },
    database('database', 'tmpfs', [
      { title: 'share of one core', value: (of) => of('sluice')?.databaseShare, limit: 0.03 },
    ]),
    // There it waits for the disk as well, which 16 downloads write to.
    database('database-disk', 'disk', []),
  ];
}
