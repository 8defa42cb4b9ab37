/**
 * A Docker Engine of the test's own: in a network namespace and temporary folders, so that nothing of it can meet the
 * developer's own engine. The namespace hangs on a veth pair: the test reaches pods, and pods reach the test, by
 * `hostAddress`. A registry on the namespace's loopback can come with it.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Dockerode from 'dockerode';
import { eventually } from './eventually.ts';

const run = promisify(execFile);

export interface TestEngineOptions {
  /** Starts Debian's docker-registry on `localhost:5000` of the namespace. */
  readonly registry?: boolean;
  /** Its data lies on a file system of that size in memory, which can be filled. */
  readonly dataMegabytes?: number;
  /** Routes this network (a node's pod CIDR) from the test's machine into the namespace. */
  readonly podCidr?: string;
}

export interface TestEngine {
  readonly socketPath: string;
  readonly docker: Dockerode;
  /** A folder for whatever belongs to this engine; removed by `stop`. */
  readonly folder: string;
  /** The network namespace, for `nsenter --net=`. */
  readonly namespacePath: string;
  /** Below which control group it makes all others. */
  readonly cgroupParent: string;
  /** The address of the machine of the test, as pods see it. */
  readonly hostAddress: string;
  /** The address of the node, as the test sees it. */
  readonly nodeAddress: string;
  /** Imports a small busybox image under `name`; `changes` are Dockerfile instructions. */
  importBusybox(name: string, changes?: readonly string[]): Promise<void>;
  /** The same, pushed to the registry and not kept in the engine. */
  pushBusybox(name: string, changes?: readonly string[]): Promise<void>;
  /** Freezes and thaws the engine's process: an engine that does not answer. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-engine-'));
  const network = await createNamespace(options.podCidr);
  const processes: ChildProcess[] = [];
  const enter = (command: string, ...args: string[]) => [
    `--net=${network.path}`,
    'unshare',
    '-m',
    '--propagation',
    'slave',
    command,
    ...args,
  ];
  const socketPath = join(folder, 'docker.sock');
  if (options.dataMegabytes !== undefined) await mountMemory(join(folder, 'data'), options.dataMegabytes);
  const cgroupParent = `/longshore-${network.name}`;
  const log = await open(join(folder, 'dockerd.log'), 'a');
  const daemon = spawn(
    'nsenter',
    enter(
      'dockerd',
      '--host',
      `unix://${socketPath}`,
      '--data-root',
      join(folder, 'data'),
      '--exec-root',
      join(folder, 'exec'),
      '--pidfile',
      join(folder, 'docker.pid'),
      '--cgroup-parent',
      cgroupParent,
      '--bridge',
      'none',
      '--config-file',
      join(folder, 'none.json'),
      '--log-level',
      'warn',
    ),
    { stdio: ['ignore', log.fd, log.fd] },
  );
  processes.push(daemon);
  const stop = async () => {
    await stopProcesses(processes);
    await log.close();
    await network.remove();
    await removeCgroups(cgroupParent);
    await removeFolder(folder);
  };
  const docker = new Dockerode({ socketPath });
  try {
    await writeFile(join(folder, 'none.json'), '{}');
    if (options.registry) processes.push(await startRegistry(folder, network.path));
    await eventually('the engine answers', async () => {
      if (daemon.exitCode !== null) throw new Error(await readFile(join(folder, 'dockerd.log'), 'utf8'));
      await docker.ping();
      return true;
    });
    // Docker closes the way between its networks and the world; here the world is the test.
    await run('nsenter', [`--net=${network.path}`, 'iptables', '-P', 'FORWARD', 'ACCEPT']);
  } catch (error) {
    await stop();
    throw error;
  }
  const importBusybox = (name: string, changes: readonly string[] = []) =>
    importTree(docker, join(folder, 'busybox'), name, changes);
  return {
    socketPath,
    docker,
    folder,
    namespacePath: network.path,
    cgroupParent,
    hostAddress: network.hostAddress,
    nodeAddress: network.nodeAddress,
    importBusybox,
    async pushBusybox(name, changes) {
      await importBusybox(name, changes);
      const progress = await docker.getImage(name).push({ authconfig: {} });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
      });
      await docker.getImage(name).remove();
    },
    pause: () => void daemonOf(folder, 'SIGSTOP'),
    resume: () => void daemonOf(folder, 'SIGCONT'),
    stop,
  };
}

/** Goes with the engine's folder. */
async function mountMemory(folder: string, megabytes: number): Promise<void> {
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,nr_inodes=100000`, 'tmpfs', folder]);
}

interface TestNamespace {
  readonly name: string;
  readonly path: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  remove(): Promise<void>;
}

/** A namespace on a veth pair, with two addresses that no other test run uses. */
async function createNamespace(podCidr: string | undefined): Promise<TestNamespace> {
  for (let attempt = 0; ; attempt += 1) {
    const number = Math.floor(Math.random() * 16_000);
    const [third, fourth] = [Math.floor(number / 64), (number % 64) * 4];
    const name = `ls${process.pid.toString(36)}${number.toString(36)}`;
    const hostAddress = `10.253.${third}.${fourth + 1}`;
    const nodeAddress = `10.253.${third}.${fourth + 2}`;
    const outside = `${name}h`.slice(0, 15);
    const ip = (...args: string[]) => run('ip', args);
    const remove = async () => {
      await run('ip', ['netns', 'del', name]); // its end of the pair goes with it, and the other end with that
    };
    try {
      await ip('netns', 'add', name);
    } catch (error) {
      if (attempt < 5) continue;
      throw error;
    }
    try {
      await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'up0', 'netns', name);
      await ip('addr', 'add', `${hostAddress}/30`, 'dev', outside);
      await ip('link', 'set', outside, 'up');
      await ip('-n', name, 'addr', 'add', `${nodeAddress}/30`, 'dev', 'up0');
      await ip('-n', name, 'link', 'set', 'lo', 'up');
      await ip('-n', name, 'link', 'set', 'up0', 'up');
      await ip('-n', name, 'route', 'add', 'default', 'via', hostAddress);
      if (podCidr !== undefined) await ip('route', 'add', podCidr, 'via', nodeAddress);
      return { name, path: `/var/run/netns/${name}`, hostAddress, nodeAddress, remove };
    } catch (error) {
      await remove();
      throw error;
    }
  }
}

async function startRegistry(folder: string, namespacePath: string): Promise<ChildProcess> {
  const config = join(folder, 'registry.json');
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'registry') }, delete: { enabled: true } },
      http: { addr: 'localhost:5000' },
    }),
  );
  return spawn('nsenter', [`--net=${namespacePath}`, 'docker-registry', 'serve', config], { stdio: 'ignore' });
}

/** The tree is made once for each engine; images differ in their configuration only. */
async function importTree(docker: Dockerode, tree: string, name: string, changes: readonly string[]): Promise<void> {
  if (!existsSync(tree)) {
    for (const folder of ['bin', 'etc', 'tmp', 'root']) await mkdir(join(tree, folder), { recursive: true });
    await run('cp', ['/usr/bin/busybox', join(tree, 'bin/busybox')]);
    const { stdout } = await run('/usr/bin/busybox', ['--list']);
    for (const applet of stdout.trim().split('\n'))
      if (applet !== 'busybox') await symlink('busybox', join(tree, 'bin', applet));
    await writeFile(join(tree, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    await writeFile(join(tree, 'etc/group'), 'root:x:0:\n');
    await run('chmod', ['1777', join(tree, 'tmp')]);
    await run('tar', ['-C', tree, '--owner', '0', '--group', '0', '--numeric-owner', '-cf', `${tree}.tar`, '.']);
  }
  const archive = await open(`${tree}.tar`);
  try {
    const progress = await docker.importImage(archive.createReadStream(), {
      repo: name,
      changes: ['ENV PATH=/bin', 'CMD ["sh"]', ...changes],
    });
    for await (const chunk of progress) if (String(chunk).includes('"error"')) throw new Error(String(chunk));
  } finally {
    await archive.close();
  }
}

async function daemonOf(folder: string, signal: NodeJS.Signals): Promise<void> {
  process.kill(Number(await readFile(join(folder, 'docker.pid'), 'utf8')), signal);
}

async function stopProcesses(processes: readonly ChildProcess[]): Promise<void> {
  for (const child of [...processes].reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const over = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await over;
    clearTimeout(timer);
  }
}

async function removeCgroups(parent: string): Promise<void> {
  for (const controller of [
    'cpu',
    'cpuacct',
    'memory',
    'cpuset',
    'blkio',
    'devices',
    'freezer',
    'pids',
    'perf_event',
    'net_cls',
    'net_prio',
    'hugetlb',
    'systemd',
    'rdma',
    'misc',
  ]) {
    const folder = join('/sys/fs/cgroup', controller, parent);
    if (existsSync(folder))
      await run('find', [folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']).catch(() => undefined); // a cgroup that is still being emptied stays; it costs nothing
  }
}

async function removeFolder(folder: string): Promise<void> {
  const { stdout } = await run('findmnt', ['-rno', 'TARGET'], { maxBuffer: 1 << 24 });
  const below = stdout.split('\n').filter((target) => target.startsWith(`${folder}/`));
  for (const target of below.reverse()) await run('umount', ['-l', target]);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
