/**
 * What a machine needs before anything of Longshore can run: Node packages, the build, Debian packages, an engine.
 * Used by `npm start` and `npm test`. Plain JavaScript without dependencies: it runs before there are any.
 *
 * Each step looks first whether it is done, which takes milliseconds, and says what it does only when it does it.
 * What the user must do themself is thrown as `SetupError`.
 */

import { spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { alone, tryRun } from './run-command.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Hears in words for the user what is being done.
 *
 * @typedef {(text: string) => void} Report
 */

/** Something that only the user can put right; the message says what and how. */
export class SetupError extends Error {}

/**
 * What `work` resolves with. A SetupError is told without a stack, after `before`, and ends the process with 1.
 *
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function orExplain(work, before = '') {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(before + error.message);
    process.exit(1);
  }
}

/**
 * Programs, or files of packages that have none, and the Debian packages that bring them.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const packagesOf = {
  etcd: 'etcd-server',
  nft: 'nftables',
  ip: 'iproute2',
  iptables: 'iptables',
  conntrack: 'conntrack',
  dockerd: 'docker.io',
  'docker-registry': 'docker-registry',
  busybox: 'busybox-static',
  'redis-server': 'redis-server',
  'dbus-daemon': 'dbus-daemon',
  busctl: 'systemd',
  '/usr/lib/python3/dist-packages/kubernetes/__init__.py': 'python3-kubernetes',
};

/**
 * Services that come up by themselves when their package is installed, and that Longshore starts on its own instead.
 *
 * @type {Readonly<Record<string, string>>}
 */
const unwantedServices = {
  'etcd-server': 'etcd',
  'docker-registry': 'docker-registry',
  'redis-server': 'redis-server',
};

const sourceFolders = [
  'api',
  'apiserver',
  'base',
  'bench',
  'cli',
  'client',
  'cluster',
  'controller-manager',
  'ingress',
  'kinds',
  'kubelet',
  'machinery',
  'proxy',
  'scheduler',
];
const buildStamp = join(root, 'dist', '.built');
/** Counted in looks, of a tenth of a second at least: a busy machine looks more rarely, and waits longer. */
const engineLooks = 3_000;
const engineLog = '/var/log/longshore-dockerd.log';

/** Linux, Debian, Node: or a sentence about what is missing. */
export function checkMachine() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    throw new SetupError(`Longshore needs Node 20.11 or newer; this is Node ${process.versions.node}.`);
  }
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (process.platform !== 'linux' || !/^ID(_LIKE)?=.*debian/m.test(system)) {
    throw new SetupError(
      'Longshore sets itself up on Debian (12 or newer) and its relatives only. Elsewhere run it in a Debian machine.',
    );
  }
  process.env.PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;
}

/** For what needs to make networks, rules and containers. */
export function checkRoot() {
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      'Longshore makes networks, firewall rules and containers, so it must run as root: sudo npm start',
    );
  }
}

/**
 * `npm ci`, when node_modules does not hold what the lock file says. Where npm finds fault with the lock file (npms
 * differ in what it must say of other platforms), `npm install` takes the same versions from it.
 *
 * @param {Report} report
 */
export async function ensureNodePackages(report) {
  if (holdsLockedPackages()) return;
  await aloneInCheckout(report, async (lock) => {
    if (holdsLockedPackages()) return; // another process has just installed them
    report('Installing Node packages (npm ci)');
    const flags = ['--include=dev', '--no-audit', '--no-fund'];
    const onSlow = () => report('Still waiting for npm: it fetches packages from its registry, if that can be reached');
    if ((await tryInRoot('npm', ['ci', ...flags], { lock, onSlow })).ok) return;
    const advice = 'Look at what npm says above, then try again.';
    await run('npm', ['install', '--no-save', ...flags], advice, { lock, onSlow });
  });
}

/**
 * npm and the compiler write into the checkout: two at once would spoil it for each other.
 *
 * @param {Report} report
 * @param {(lock: number) => Promise<void>} work
 */
const aloneInCheckout = (report, work) =>
  alone(root, { onWait: () => report('Waiting for another process that installs or builds in this folder'), work });

/** npm writes down what it installed, in the form of the lock file. */
function holdsLockedPackages() {
  const written = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(written)) return false;
  const { packages: installed } = readLock(written);
  const { packages: wanted } = readLock(join(root, 'package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

/**
 * @param {string} path
 * @returns {{ packages: Record<string, { version?: string, optional?: boolean }> }}
 */
const readLock = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * Compiles into dist/, when a source is newer than the last build.
 *
 * @param {Report} report
 */
export async function ensureBuild(report) {
  if (isBuilt()) return;
  await aloneInCheckout(report, async (lock) => {
    if (isBuilt()) return; // another process has just built it
    report('Building');
    await compile(lock);
  });
}

const isBuilt = () => modifiedMs(buildStamp) >= newestSourceMs();

/**
 * What a build made of a source, by its path there: `cli/main.js`. Where it is known only once there is a build.
 *
 * @param {string} path
 */
export const builtFile = (path) => pathToFileURL(join(root, 'dist', path)).href;

/**
 * The one build: what `npm run build`, `npm start` and the tests of whole clusters use.
 *
 * @param {Report} report
 */
export const build = (report) => aloneInCheckout(report, compile);

/** @param {number} lock */
async function compile(lock) {
  const started = new Date();
  const node = process.execPath;
  await run(node, [join(root, 'setup', 'bundle.mjs')], 'The sources cannot be built: see above.', { lock });
  const descriptions = ['dist/machinery/openapi/build-descriptions.js'];
  await run(node, descriptions, 'The descriptions cannot be written.', { lock });
  writeFileSync(buildStamp, `${started.toISOString()}\n`);
}

/**
 * Installs the Debian packages of those `programs` that are not there.
 *
 * @param {readonly string[]} programs
 * @param {Report} report
 */
export async function ensurePrograms(programs, report) {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map((program) => packagesOf[program] ?? program);
  if (process.getuid?.() !== 0) {
    throw new SetupError(`Not installed: ${missing.join(', ')}. Run: sudo apt-get install ${packages.join(' ')}`);
  }
  report(`Installing Debian packages: ${packages.join(', ')}`);
  const arguments_ = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const options = { endsByItself: true };
  if (!(await tryInRoot('apt-get', arguments_, options)).ok) {
    await run('apt-get', ['update', '-q'], 'apt-get cannot reach its package lists.', options);
    await run('apt-get', arguments_, `Install these packages yourself: ${packages.join(' ')}`, options);
  }
  await disableServicesOf(packages);
}

/**
 * An engine that answers: the one of DOCKER_HOST, or the machine's own, started when it is not running.
 *
 * @param {Report} report
 */
export async function ensureEngine(report) {
  const socket = engineSocket();
  if (await engineAnswers(socket)) return;
  await ensurePrograms(['dockerd', 'iptables'], report);
  if (await engineAnswers(socket)) return;
  report('Starting the Docker engine');
  if (process.env.DOCKER_HOST === undefined && existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker'], 'See: journalctl -u docker');
    await waitForEngine(socket, () => undefined, 'journalctl -u docker');
  } else {
    await startEngine(socket);
  }
}

/** The engine's unix socket. */
export function engineSocket() {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new SetupError(
    `DOCKER_HOST is ${host}, but Longshore drives the engine of its own machine, through a unix socket. ` +
      'Unset DOCKER_HOST, or set it to unix:///var/run/docker.sock',
  );
}

/**
 * dockerd in a session of its own. It is the machine's engine from now on and is left running when Longshore stops,
 * since containers live in it; should it end all the same, they survive (live-restore).
 *
 * @param {string} socket
 */
async function startEngine(socket) {
  const log = openSync(engineLog, 'a');
  const arguments_ = ['-H', `unix://${socket}`];
  if (!existsSync('/etc/docker/daemon.json')) arguments_.push('--live-restore');
  const engine = spawn('dockerd', arguments_, { detached: true, stdio: ['ignore', log, log] });
  engine.unref();
  /** @type {string | undefined} */
  let failure;
  engine.once('error', (error) => {
    failure = error.message;
  });
  engine.once('exit', (code) => {
    failure = `dockerd ended with code ${code}:\n${lastLines(readFileSync(engineLog, 'utf8'))}`;
  });
  await waitForEngine(socket, () => failure, engineLog);
  engine.removeAllListeners();
}

/**
 * An engine with many containers, or on a slow disk, takes minutes: only one that ended, or says nothing for long, is
 * given up.
 *
 * @param {string} socket
 * @param {() => string | undefined} failure
 * @param {string} log
 */
async function waitForEngine(socket, failure, log) {
  let looks = 0;
  while (!(await engineAnswers(socket))) {
    if (failure() !== undefined) throw new SetupError(`The Docker engine does not start. ${failure()}`);
    looks += 1;
    if (looks > engineLooks) throw new SetupError(`The Docker engine does not answer on ${socket}. See ${log}`);
    if (looks % 100 === 0) console.log(`• Still waiting for the Docker engine on ${socket} (see ${log}) …`);
    await sleep(100);
  }
}

/**
 * @param {string} socketPath
 * @returns {Promise<boolean>}
 */
function engineAnswers(socketPath) {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', timeout: 10_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** @param {readonly string[]} packages */
async function disableServicesOf(packages) {
  if (!existsSync('/run/systemd/system')) return;
  const services = packages.flatMap((name) => unwantedServices[name] ?? []);
  if (services.length > 0) await tryInRoot('systemctl', ['disable', '--now', ...services]);
}

/**
 * The path of a program, looked for on the PATH and where Debian keeps the administrator's programs.
 *
 * @param {string} program
 */
export function findProgram(program) {
  if (isAbsolute(program)) return existsSync(program) ? program : undefined;
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':');
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

function newestSourceMs() {
  const files = ['package-lock.json', 'tsconfig.json', 'setup/bundle.mjs'].map((name) => modifiedMs(join(root, name)));
  return Math.max(...files, ...sourceFolders.map((folder) => newestIn(join(root, folder))));
}

/**
 * @param {string} folder
 * @returns {number}
 */
function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path));
    else if (entry.name.endsWith('.ts')) newest = Math.max(newest, modifiedMs(path));
  }
  return newest;
}

/** @param {string} path */
function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * @param {string} command
 * @param {readonly string[]} arguments_
 * @param {string} advice what the user can do when it fails
 * @param {import('./run-command.mjs').RunOptions} [options]
 */
async function run(command, arguments_, advice, options) {
  const { ok, output } = await tryInRoot(command, arguments_, options);
  if (!ok) throw new SetupError(`${command} ${arguments_.join(' ')} failed:\n${lastLines(output)}\n${advice}`);
}

/**
 * @param {string} command
 * @param {readonly string[]} arguments_
 * @param {import('./run-command.mjs').RunOptions} [options]
 */
function tryInRoot(command, arguments_, options) {
  return tryRun(command, arguments_, {
    cwd: root,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...options,
  });
}

const lastLines = (/** @type {string} */ text) => text.trimEnd().split('\n').slice(-15).join('\n');
