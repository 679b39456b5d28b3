// The words of the window in English.
import type { Format } from '../../shared/format.ts';
import { batchEn } from './batch.ts';
import { eventsEn } from './events.ts';
import { categoriesEn, categoryNameEn } from './categories.ts';
import { everydayEn } from './everyday.ts';
import { failuresEn } from '../../shared/failure-words.ts';
import { hostsEn } from './hosts.ts';
import { settingsEn } from './settings.ts';
import { helpingEn, machinesEn } from './machines.ts';
import { toldEn } from './told.ts';
import { trafficEn } from './traffic.ts';
import { weekEn } from './week.ts';

/** All words of one language; those that take numbers or names are functions. */
export type Words = ReturnType<typeof en>;

export function en(f: Format) {
  const n = f.count;
  const many = (count: number, one: string, other: string) => `${n(count)} ${count === 1 ? one : other}`;
  return {
    appName: 'Sluice',
    // Sidebar
    all: 'All',
    active: 'Active',
    queued: 'Queued',
    paused: 'Paused',
    done: 'Done',
    failed: 'Failed',
    categories: 'Categories',
    machineRoom: 'Machine room',
    traffic: 'Traffic',
    machines: 'Machines',
    settings: 'Settings',
    showSidebar: 'Show the sidebar',
    category: categoryNameEn,
    // Toolbar
    addLinks: 'Add links',
    pauseAll: 'Pause all',
    resumeAll: 'Resume all',
    limitOff: 'Limit: off',
    limitAt: (speed: string) => `Limit: ${speed}`,
    limitTitle: 'Speed limit for everything',
    noLimit: 'No limit',
    limitOneAsk: 'Speed limit…',
    limitOne: (count: number) =>
      count === 1 ? 'Speed limit of this download' : `Speed limit of each of ${n(count)} downloads`,
    limitOneLabel: 'At most; empty means no limit',
    searchIn: (count: number) => (count === 0 ? 'Search' : `Search ${many(count, 'download', 'downloads')}`),
    search: 'Search',
    clearSearch: 'Clear the search',
    // List
    listName: 'Downloads',
    name: 'Name',
    progress: 'Progress',
    size: 'Size',
    speed: 'Speed',
    left: 'Left',
    verified: 'Done, verified',
    connecting: 'Connecting',
    finishing: 'Finishing',
    waiting: (seconds: number | null, reason: string) =>
      (seconds === null ? 'Waiting' : `Waiting ${n(seconds)} s`) +
      (reason === 'retry' ? ' to try again' : reason ? ` (${reason})` : ''),
    nothingFound: 'Nothing found',
    nothingFoundHint: 'No download fits this search and filter.',
    showAll: 'Show all downloads',
    allHosts: 'All hosts',
    chooseHost: 'Choose a host',
    onlyHost: (host: string) => `Only from ${host}`,
    moreHosts: (count: number) => `${many(count, 'more host', 'more hosts')}: use the search`,
    nothingHere: 'Nothing here',
    selected: (count: number) => `${n(count)} selected`,
    clearSelection: 'Clear the selection',
    // Actions
    pause: 'Pause',
    resume: 'Resume',
    retry: 'Try again',
    again: 'Download again',
    remove: 'Remove',
    removeAsk: 'Remove…',
    openFile: 'Open file',
    showInFolder: 'Show in folder',
    copyUrl: 'Copy address',
    copyName: 'Copy name',
    moveFirst: 'Move to the top of the queue',
    moveLast: 'Move to the end of the queue',
    newLink: 'Give a new link…',
    openDetail: 'Details',
    more: 'More actions',
    undo: 'Undo',
    cancel: 'Cancel',
    close: 'Close',
    copy: 'Copy',
    copied: 'Copied',
    // Removing
    removeTitle: (count: number) => (count === 1 ? 'Remove this download?' : `Remove ${n(count)} downloads?`),
    removeWhat: (count: number): string =>
      count === 1
        ? 'It leaves the list. What it has downloaded stays on the disk.'
        : 'They leave the list. What they have downloaded stays on the disk.',
    removeWithFiles: (count: number): string =>
      count === 1 ? 'Delete its file from the disk too' : 'Delete their files from the disk too',
    removeFilesHint: 'The list entries and the files go. You can undo this for a few seconds.',
    removeFromList: 'Remove from the list',
    removeAndDelete: 'Remove and delete files',
    removed: (count: number) => `${many(count, 'download', 'downloads')} removed`,
    removedWithFiles: (count: number) => `${many(count, 'download', 'downloads')} removed, files too`,
    // New link
    newLinkTitle: 'Give a new link',
    newLinkHint: 'For the same content. What has been downloaded is kept if it compares equal.',
    newLinkLabel: 'New address',
    newLinkUse: 'Use this link',
    // Empty
    emptyTitle: 'Drop a list of links here',
    emptyHint: (key: string) => `A text file, links from a browser, or paste them with ${key}.`,
    tryDemo: 'Try the demo',
    // Dropping
    dropLinks: 'Drop to see the links',
    dropFiles: (count: number) => `Drop ${many(count, 'list', 'lists')} to see the links`,
    dropHint: 'Nothing starts before you have seen them.',
    dropFolder: (name: string) => `${name} is a folder. Drop the list file itself.`,
    dropNothing: 'There was no text, link or file in what you dropped.',
    clipboardEmpty: 'There is no text in the clipboard.',
    copiedLinks: (count: number) => `${many(count, 'link was', 'links were')} copied`,
    copiedTake: 'Add…',
    copiedLeave: 'Not now',
    // Adding
    addTitle: 'Add links',
    addLabel: 'Links, one a line; text around them is fine',
    addFrom: (names: string) => `From ${names}`,
    addFromPage: 'From a page',
    pastedLines: (count: number) => `${many(count, 'line', 'lines')} of text`,
    addFromFile: 'From a file…',
    reading: 'Reading…',
    countUrl: 'Links',
    countDuplicate: 'Twice in this list',
    countKnown: 'In Sluice already',
    countRejected: 'Not a link',
    verdictDuplicate: 'twice in this list',
    verdictKnown: 'in Sluice already',
    noLinks: 'No links yet',
    noLinksHint: 'Paste or type them above, or drop a list anywhere on this window.',
    noLinksIn: 'No links in there',
    noLinksInHint: 'Not one line of it was understood as a link.',
    saveTo: 'Save to',
    chooseFolder: 'Choose…',
    free: (size: string) => `${size} free`,
    addKnown: (count: number) => `Also add the ${n(count)} that Sluice has already`,
    addPaused: 'Add paused',
    addCount: (count: number) => (count === 0 ? 'Add links' : `Add ${many(count, 'link', 'links')}`),
    added: (count: number) => `${many(count, 'link', 'links')} added`,
    ...toldEn,
    // Status line
    statusActive: (count: number) => `${n(count)} active`,
    statusQueued: (count: number) => `${n(count)} queued`,
    statusFailed: (count: number) => `${n(count)} failed`,
    statusLeft: (time: string) => `about ${time} left`,
    statusIdle: 'Idle',
    minutes: (minutes: number) =>
      minutes < 1
        ? 'a minute'
        : minutes < 90
          ? `${n(minutes)} min`
          : minutes < 2880
            ? `${n(Math.round(minutes / 60))} h`
            : `${n(Math.round(minutes / 1440))} days`,
    workers: (count: number) => many(count, 'worker', 'workers'),
    // Detail
    detailOf: (done: string, size: string) => `${done} of ${size}`,
    connections: (count: number) => many(count, 'connection', 'connections'),
    worker: (id: number) => `worker ${n(id)}`,
    segments: 'Segments',
    segmentsPart: (percent: string) => `${percent} of the file is on the disk`,
    speedMinute: 'Speed, last minute',
    whatHappened: 'What happened',
    nothingHappened: 'Nothing yet.',
    details: 'Details',
    from: 'From',
    finalUrl: 'Led to',
    to: 'To',
    checksum: 'Checksum',
    checksumGiven: (text: string) => `${text} given`,
    server: 'Server said',
    addedAt: 'Added',
    finishedAt: 'Finished',
    closeDetail: 'Close details',
    ...trafficEn(f),
    // Machines
    machinesHint: 'Everything that takes work from the queue, by machine.',
    addMachine: 'Add a machine',
    doorAt: (address: string) => `The door is open at ${address}.`,
    doorEncrypted: 'Encrypted; the fingerprint is in the command.',
    joinHint: 'Run this on the other machine, with the key below in a file named key:',
    doorShut: 'The door for other machines is shut. The settings open it.',
    doorCounts: (guests: number, wrongKeys: number) =>
      `${n(guests)} in now` + (wrongKeys > 0 ? `, ${many(wrongKeys, 'wrong key', 'wrong keys')} so far` : ''),
    pythonPrograms: 'Python programs',
    pythonHint: 'With nothing but its standard library, a Python program writes:',
    pythonShut: 'The door for Python programs is shut. The settings open it.',
    key: 'Key',
    showKey: 'Show',
    hideKey: 'Hide',
    copyKey: 'Copy the key',
    coordinatorOn: (address: string) => `Coordinator on ${address}`,
    memory: 'Memory',
    processor: 'CPU',
    runtimeColumn: 'Runs on',
    seenColumn: 'Last seen',
    state: 'State',
    // Settings
    searchSettings: 'Search settings',
    noSettingFits: 'No setting fits.',
    sectionGeneral: 'General',
    sectionDesktop: 'On this computer',
    sectionDownloads: 'Downloads',
    sectionNetwork: 'Network',
    sectionSafety: 'Safety',
    sectionTimetable: 'Timetable',
    sectionHosts: 'Hosts',
    sectionMachines: 'Machines and programs',
    between: (low: number, high: number) => `${n(low)} to ${n(high)}`,
    atLeast: (low: number) => `at least ${n(low)}`,
    outOfBounds: (bounds: string) => `It has to be ${bounds}.`,
    unitSeconds: 's',
    unitKbPerS: 'kB/s',
    off: 'Off',
    themeSystem: 'As the system',
    themeLight: 'Light',
    themeDark: 'Dark',
    languageSystem: 'As the system',
    laneAuto: 'Choose by itself',
    laneFetch: 'Always node-fetch',
    laneDirect: 'Direct where possible',
    downloadsFolder: 'Your download folder',
    notANumber: 'That is not a number.',
    setting: settingsEn,
    ...everydayEn(f),
    // Messages
    shortcutsTitle: 'Keys',
    shortcuts: [
      ['↑ ↓', 'Go through the list; with Shift, select'],
      ['Ctrl A', 'Select all'],
      ['Space', 'Pause or resume'],
      ['Enter', 'Open details'],
      ['Alt ↑ ↓', 'Move up or down in the queue'],
      ['Delete', 'Remove'],
      ['Ctrl C', 'Copy addresses'],
      ['Ctrl V', 'Add what is in the clipboard'],
      ['Ctrl Z', 'Undo a removal'],
      ['Ctrl F', 'Search'],
      ['Ctrl N', 'Add links'],
      ['Esc', 'Close, clear'],
    ] as [string, string][],
    aboutTitle: 'About Sluice',
    aboutLine: 'A download manager for a thousand files and a bad line.',
    aboutState: 'State is kept in',
    dismiss: 'Dismiss',
    bridgeGone: 'The engine did not answer.',
    failure: failuresEn,
    event: eventsEn(f),
    hosts: hostsEn,
    week: weekEn,
    batch: batchEn,
    kinds: categoriesEn,
    elsewhere: machinesEn,
    helping: helpingEn,
  };
}
