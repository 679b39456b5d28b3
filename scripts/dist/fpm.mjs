#!/usr/bin/env node
// Stands in for fpm where electron-builder cannot fetch it: makes a deb with dpkg-deb, an rpm with rpmbuild, from the same command line.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/**
 * @typedef {object} Order
 * @property {Record<string, string>} given options by name, `-t` as `t`
 * @property {string[]} depends
 * @property {string[]} recommends
 * @property {[from: string, to: string][]} files a source ending in `/` is a folder's content
 */

/**
 * @param {string[]} words
 * @returns {Order}
 */
function parse(words) {
  /** @type {Order} */
  const order = { given: {}, depends: [], recommends: [], files: [] };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--force' || word === '--debug') continue;
    if (word === '-d') order.depends.push(rest.shift() ?? '');
    else if (word === '--deb-recommends') order.recommends.push(rest.shift() ?? '');
    else if (word.startsWith('-')) order.given[word.replace(/^--?/, '')] = rest.shift() ?? '';
    else {
      const [from = '', to = ''] = word.split(/=(.*)/s);
      order.files.push([from, to]);
    }
  }
  return order;
}

/**
 * Lays the files out as they will be on the system.
 * @param {Order} order
 * @param {string} tree
 */
function layOut({ files }, tree) {
  for (const [from, to] of files) {
    const target = join(tree, to);
    if (from.endsWith('/')) {
      mkdirSync(target, { recursive: true });
      execFileSync('cp', ['--archive', '--no-preserve=ownership', `${from}.`, target]);
    } else {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(from, target);
      chmodSync(target, 0o644);
    }
  }
  execFileSync('chmod', ['--recursive', 'go-w,a+rX', tree]);
}

/**
 * @param {Order} order
 * @param {string} tree
 * @param {string} target
 */
function makeDeb({ given, depends, recommends }, tree, target) {
  const size = execFileSync('du', ['--summarize', '--apparent-size', '--block-size=1K', tree], { encoding: 'utf8' });
  const [synopsis = '', ...lines] = describe(given);
  const fields = {
    Package: given.name,
    Version: given.version,
    Architecture: given.architecture,
    Maintainer: given.maintainer,
    'Installed-Size': size.split('\t')[0],
    Depends: depends.join(', '),
    Recommends: recommends.join(', '),
    Section: given.category ?? 'net',
    Priority: given['deb-priority'] ?? 'optional',
    Homepage: given.url,
    Description: [synopsis, ...lines.map((line) => ` ${line || '.'}`)].join('\n'),
  };
  // Such packages are for trying out: made quickly rather than small.
  const quickly = ['-Zgzip', '-z1'];
  const control = join(tree, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  const written = Object.entries(fields).filter(([, value]) => value);
  writeFileSync(join(control, 'control'), written.map(([key, value]) => `${key}: ${value}\n`).join(''));
  const scripts = {
    'before-install': 'preinst',
    'after-install': 'postinst',
    'before-remove': 'prerm',
    'after-remove': 'postrm',
  };
  for (const [option, name] of Object.entries(scripts)) {
    const script = given[option];
    if (!script) continue;
    copyFileSync(script, join(control, name));
    chmodSync(join(control, name), 0o755);
  }
  execFileSync('dpkg-deb', ['--root-owner-group', ...quickly, '--build', tree, target], { stdio: 'inherit' });
}

/**
 * @param {Order} order
 * @param {string} tree
 * @param {string} target
 * @param {string} work
 */
function makeRpm({ given, depends, files }, tree, target, work) {
  const percent = (/** @type {string} */ text) => text.replaceAll('%', '%%');
  const script = (/** @type {string} */ option) => (given[option] ? percent(readFileSync(given[option], 'utf8')) : '');
  const [summary = '', ...lines] = describe(given);
  const spec = [
    `Name: ${given.name}`,
    `Version: ${given.version?.replaceAll('-', '_')}`,
    `Release: ${given.iteration ?? 1}`,
    `Summary: ${given['rpm-summary'] ?? summary}`,
    `License: ${given.license ?? 'unknown'}`,
    `Vendor: ${given.vendor}`,
    `URL: ${given.url}`,
    `Packager: ${given.maintainer}`,
    'AutoReqProv: no',
    ...depends.map((name) => `Requires: ${name}`),
    ...['%description', percent([summary, ...lines].join('\n'))],
    ...['%post', script('after-install')],
    ...['%postun', script('after-remove')],
    ...['%files', '%defattr(-,root,root,-)', ...files.map(([, to]) => `"${to}"`)],
  ];
  const specFile = join(work, 'package.spec');
  writeFileSync(specFile, spec.join('\n') + '\n');
  const machines = new Map([
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
  ]);
  const architecture = given.architecture ?? '';
  const rpms = join(work, 'rpms');
  const defines = [
    `_topdir ${work}`,
    `_rpmdir ${rpms}`,
    '_build_id_links none',
    '__os_install_post %{nil}',
    '_binary_payload w1.gzdio',
  ];
  execFileSync(
    'rpmbuild',
    [
      ...['-bb', '--quiet', '--noclean', '--buildroot', tree, '--target', machines.get(architecture) ?? architecture],
      ...defines.flatMap((define) => ['--define', define]),
      specFile,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [made = ''] = readdirSync(rpms, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rpm'));
  copyFileSync(join(rpms, made), target);
}

/** @param {Order['given']} given */
function describe(given) {
  return (given.description ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

const order = parse(process.argv.slice(2));
const work = mkdtempSync(join(tmpdir(), 'sluice-fpm-'));
try {
  const tree = join(work, 'tree');
  layOut(order, tree);
  const target = resolve(order.given.package ?? '');
  if (order.given.t === 'deb') makeDeb(order, tree, target);
  else if (order.given.t === 'rpm') makeRpm(order, tree, target, work);
  else throw new Error(`no such package: ${order.given.t}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
