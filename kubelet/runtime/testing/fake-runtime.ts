/**
 * A runtime without containers, for tests: processes are played by a few shell idioms that it understands, or by the
 * test itself (`exit`). It passes the same suite as the real one.
 */

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type Duplex, PassThrough } from 'node:stream';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { createDeferred } from '../../../base/deferred.ts';
import { untilAborted } from '../../../base/until-aborted.ts';
import type { ContainerStats } from '../container-stats.ts';
import {
  type ContainerConfig,
  type ContainerFiles,
  type ContainerResources,
  type ContainerRunState,
  type ContainerState,
  type DeviceSupport,
  type ImageAccounts,
  type ImageCopy,
  type ImageDetails,
  type ImageState,
  type LayerProgress,
  type LogOptions,
  type PullOptions,
  type Runtime,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeSnapshot,
  type RuntimeStorage,
  type SandboxConfig,
  type SandboxState,
  type Session,
  type StreamOptions,
} from '../runtime.ts';

interface FakeSandbox {
  state: SandboxState;
  readonly name: string;
}

interface FakeContainer {
  state: ContainerState;
  config: ContainerConfig;
  readonly name: string;
  readonly output: string[];
  /** Aborts when its process is over. */
  readonly over: AbortController;
}

/** What can be held up, or made to fail. */
export type HeldMethod =
  | 'list'
  | 'createSandbox'
  | 'startSandbox'
  | 'createContainer'
  | 'startContainer'
  | 'stop'
  | 'remove'
  | 'inspectImage'
  | 'pullImage'
  | 'copyFromImage'
  | 'version'
  | 'exec';

/** One call that changed something, or ran a command. */
interface Change {
  readonly podName: string;
  readonly what: string;
}

export interface PlayedUsage {
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface OfferedImage {
  /** Whoever does not have it is refused. */
  readonly password?: string;
  /** What a pull tells of itself before it is held up. */
  readonly layers?: readonly LayerProgress[];
}

const idle: PlayedUsage = { cores: 0, memoryBytes: 2 ** 20 };

type Listener = (event: RuntimeEvent) => void;

/** What a fake process does with its script: prints its `echo`s, then ends, or waits for SIGTERM. */
interface Script {
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  /** Undefined: it runs until it is asked to end. */
  readonly exitCode: number | undefined;
  /** After SIGTERM; undefined: it does not listen. */
  readonly stopCode: number | undefined;
}

export class FakeRuntime implements Runtime {
  readonly name = 'fake';
  readonly #sandboxes = new Map<string, FakeSandbox>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #images = new Map<string, ImageDetails>();
  /** By image id. */
  readonly #imageFiles = new Map<string, Readonly<Record<string, string>>>();
  readonly #listeners = new Set<Listener>();
  readonly #gates = new Map<HeldMethod, Promise<void>>();
  readonly #registry = new Map<string, OfferedImage>();
  readonly #answers = new Map<string, number>();
  readonly #pulls = new Map<string, number>();
  #pullsNow = 0;
  #mostPullsAtOnce = 0;
  readonly #changes: Change[] = [];
  readonly #usages = new Map<string, PlayedUsage>();
  readonly #written = new Map<string, number>();
  readonly #clock: Clock;
  #serial = 0;
  #deviceSupport: DeviceSupport = { cdiFolders: [], drivers: [] };
  #clusterId: string | undefined;

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
  }

  /**
   * All calls that changed something in a pod of that name, in order, by the container: `create sandbox`, `start web`,
   * `exec web SCRIPT`, `stop web 30`, `remove web`. What a test asks when it must know how often, or in which order.
   */
  changesOf(podName: string): string[] {
    return this.#changes.filter((change) => change.podName === podName).map(({ what }) => what);
  }

  /** How often somebody tried to pull that image. */
  pullsOf(name: string): number {
    return this.#pulls.get(name) ?? 0;
  }

  /** How many pulls there were at the same time. */
  get mostPullsAtOnce(): number {
    return this.#mostPullsAtOnce;
  }

  /** From now on a command `sh -c SCRIPT` ends with that code. */
  answer(script: string, exitCode: number): void {
    this.#answers.set(script, exitCode);
  }

  /** From now on the engine can hand out these. */
  offerDevices(support: DeviceSupport): void {
    this.#deviceSupport = support;
  }

  /** What a container was made with. */
  configOf(id: string): ContainerConfig | undefined {
    return this.#containers.get(id)?.config;
  }

  /** From now on the image can be pulled. */
  offerImage(name: string, offered: OfferedImage = {}): void {
    this.#registry.set(name, offered);
  }

  /** From now on calls of `method` are held up until what is returned is called: an engine that hangs. */
  hold(method: HeldMethod): () => void {
    const gate = createDeferred<void>();
    this.#gates.set(method, gate.promise);
    return () => {
      this.#gates.delete(method);
      gate.resolve();
    };
  }

  /** From now on calls of `method` fail with `message`, until it is undefined. */
  fail(method: HeldMethod, message: string | undefined): void {
    if (message === undefined) this.#gates.delete(method);
    else {
      const failure = Promise.reject(new RuntimeError('Refused', message));
      failure.catch(() => undefined); // heard by each call
      this.#gates.set(method, failure);
    }
  }

  /** As `docker container prune`: what ended is gone. Returns how many containers that were. */
  prune(): number {
    const ended = [...this.#containers.values()].filter(({ state }) => state.status.type === 'exited');
    for (const { state } of ended) {
      this.#containers.delete(state.id);
      this.#tell('container', state.id, state.pod.uid);
    }
    return ended.length;
  }

  /**
   * As an engine that was killed and started again: all processes are gone, their sandboxes' too. It tells of the
   * containers, and of sandboxes only when it is asked.
   */
  die(): void {
    for (const sandbox of this.#sandboxes.values()) {
      const { ip: _, ...rest } = sandbox.state;
      sandbox.state = { ...rest, running: false };
    }
    for (const id of this.#containers.keys()) this.#end(id, 255);
  }

  /** What an image has beside a shell, by paths. */
  putIntoImage(name: string, files: Readonly<Record<string, string>>): void {
    this.#imageFiles.set(this.#images.get(name)?.id ?? '', files);
  }

  addImage(name: string): void {
    this.#images.set(name, { id: `sha256:${name}`, sizeBytes: 1_000_000, user: '' });
  }

  /** The process ends by itself. */
  exit(id: string, exitCode: number): void {
    this.#end(id, exitCode);
  }

  async list(): Promise<RuntimeSnapshot> {
    await this.#gates.get('list');
    const isSeen = ({ clusterId }: { readonly clusterId?: string }) =>
      clusterId === undefined || clusterId === this.#clusterId;
    return {
      sandboxes: [...this.#sandboxes.values()].map(({ state }) => state).filter(isSeen),
      containers: [...this.#containers.values()].map(({ state }) => state).filter(isSeen),
    };
  }

  async inspectContainer(id: string): Promise<ContainerState | undefined> {
    return this.#containers.get(id)?.state;
  }

  async inspectSandbox(id: string): Promise<SandboxState | undefined> {
    return this.#sandboxes.get(id)?.state;
  }

  async createSandbox({ pod, attempt }: SandboxConfig): Promise<string> {
    await this.#gates.get('createSandbox');
    const name = `${pod.uid}/${attempt}`;
    for (const [id, sandbox] of this.#sandboxes) if (sandbox.name === name) await this.remove(id);
    const id = this.#nextId('sandbox');
    this.#note(pod.name, 'create sandbox');
    const state = { id, pod, attempt, running: false, createdAt: this.#clock.now(), ...this.#owner() };
    this.#sandboxes.set(id, { name, state });
    return id;
  }

  async startSandbox(id: string): Promise<SandboxState> {
    await this.#gates.get('startSandbox');
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) throw notThere(id);
    this.#serial += 1;
    sandbox.state = { ...sandbox.state, running: true, ip: `10.244.0.${(this.#serial % 250) + 2}` };
    this.#tell('sandbox', id, sandbox.state.pod.uid);
    return sandbox.state;
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    await this.#gates.get('createContainer');
    if (!this.#sandboxes.has(sandboxId)) throw notThere(sandboxId);
    const name = `${config.pod.uid}/${config.name}/${config.attempt}`;
    for (const [id, container] of this.#containers) if (container.name === name) await this.remove(id);
    const id = this.#nextId('container');
    this.#note(config.pod.name, `create ${config.name}`);
    const { pod, kind, attempt, specHash, imageName, image, annotations } = config;
    const known = { id, pod, kind, attempt, specHash, imageName, annotations, sandboxId, name: config.name };
    const state: ContainerState = {
      ...known,
      ...this.#owner(),
      imageId: image,
      createdAt: this.#clock.now(),
      status: { type: 'created' },
    };
    this.#containers.set(id, { state, config, name, output: [], over: new AbortController() });
    return id;
  }

  async startContainer(id: string): Promise<ContainerState> {
    await this.#gates.get('startContainer');
    const container = this.#containers.get(id);
    if (container === undefined) throw notThere(id);
    if (!this.#sandboxes.get(container.state.sandboxId)?.state.running)
      throw new RuntimeError('Conflict', 'the sandbox does not run');
    this.#note(container.state.pod.name, `start ${container.state.name}`);
    const program = container.config.command?.[0] ?? 'sh';
    const missing = container.config.devices.find(({ hostPath }) => !existsSync(hostPath));
    if (missing !== undefined) {
      const why = `error gathering device information while adding custom device "${missing.hostPath}": no such file or directory`;
      this.#setStatus(id, neverStarted(why, this.#clock.now()));
      return container.state;
    }
    const shared = container.config.mounts.find(({ propagation }) => propagation === 'rslave');
    if (shared !== undefined) {
      const why = `path ${shared.hostPath} is mounted on / but it is not a shared or slave mount`;
      this.#setStatus(id, neverStarted(why, this.#clock.now()));
      return container.state;
    }
    if (program.startsWith('/')) {
      this.#setStatus(id, neverStarted(`exec: "${program}": no such file or directory`, this.#clock.now()));
      return container.state;
    }
    this.#setStatus(id, { type: 'running', startedAt: this.#clock.now() });
    const started = container.state;
    const script = readScript(container.config.command?.[2] ?? '');
    container.output.push(...script.lines, ...script.errors, ...readMounted(container.config));
    if (script.exitCode !== undefined) setImmediate(() => this.#end(id, script.exitCode ?? 0));
    return started;
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    this.#noteOf(id, 'update');
    const container = this.#containers.get(id);
    if (container?.state.status.type !== 'running') throw new RuntimeError('Conflict', `container ${id} does not run`);
    container.config = { ...container.config, resources };
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    this.#noteOf(id, 'stop', ` ${graceSeconds}`);
    await this.#gates.get('stop');
    const sandbox = this.#sandboxes.get(id);
    if (sandbox?.state.running) {
      const { ip: _, ...rest } = sandbox.state;
      sandbox.state = { ...rest, running: false };
      this.#tell('sandbox', id, rest.pod.uid);
    }
    const container = this.#containers.get(id);
    if (container?.state.status.type !== 'running') return;
    const { stopCode } = readScript(container.config.command?.[2] ?? '');
    if (stopCode === undefined) await this.#clock.sleep(graceSeconds * 1000, container.over.signal);
    this.#end(id, stopCode ?? 137);
  }

  async remove(id: string): Promise<void> {
    const found = this.#containers.get(id)?.state ?? this.#sandboxes.get(id)?.state;
    if (found === undefined) return;
    this.#noteOf(id, 'remove');
    await this.#gates.get('remove');
    this.#containers.get(id)?.over.abort();
    const type = this.#containers.delete(id) ? 'container' : 'sandbox';
    this.#sandboxes.delete(id);
    this.#tell(type, id, found.pod.uid);
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const queue: RuntimeEvent[] = [];
    let wake: () => void = () => {};
    const listener = (event: RuntimeEvent) => {
      queue.push(event);
      wake();
    };
    const end = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', end);
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', end);
    }
  }

  async imageAccounts(): Promise<ImageAccounts> {
    return { passwd: '', group: '' };
  }

  async inspectImage(name: string): Promise<ImageDetails | undefined> {
    await this.#gates.get('inspectImage');
    return this.#images.get(name);
  }

  async pullImage(name: string, options: PullOptions): Promise<void> {
    options.signal.throwIfAborted();
    this.#pulls.set(name, this.pullsOf(name) + 1);
    this.#pullsNow += 1;
    this.#mostPullsAtOnce = Math.max(this.#mostPullsAtOnce, this.#pullsNow);
    try {
      await this.#pull(name, options);
    } finally {
      this.#pullsNow -= 1;
    }
  }

  async #pull(name: string, { credentials, signal, onProgress }: PullOptions): Promise<void> {
    for (const layer of this.#registry.get(name)?.layers ?? []) onProgress?.(layer);
    const gate = this.#gates.get('pullImage');
    if (gate !== undefined) await untilAborted(gate, signal);
    const offered = this.#registry.get(name);
    if (offered === undefined) throw new RuntimeError('Refused', `manifest for ${name} not found: manifest unknown`);
    if (offered.password !== undefined && offered.password !== credentials?.password)
      throw new RuntimeError('Refused', `pull access denied for ${name}: unauthorized`);
    this.addImage(name);
  }

  async listImages(): Promise<ImageState[]> {
    return [...this.#images].map(([name, { id, sizeBytes }]) => ({
      id,
      names: [name],
      sizeBytes,
      createdAt: 0,
      pinned: false,
    }));
  }

  async copyFromImage({ imageId, path = '/', hostFolder }: ImageCopy): Promise<boolean> {
    await this.#gates.get('copyFromImage');
    const files = Object.entries({ '/bin/sh': '', ...this.#imageFiles.get(imageId) });
    const inside = files.filter(([file]) => file.startsWith(path.replace(/\/*$/, '/')));
    for (const [file, content] of inside) {
      const target = join(hostFolder, relative(path, file));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    return inside.length > 0;
  }

  async imagesInUse(): Promise<ReadonlySet<string>> {
    return new Set([...this.#containers.values()].map(({ config }) => config.image));
  }

  async removeImage(id: string): Promise<void> {
    if ((await this.imagesInUse()).has(id)) return;
    for (const [name, image] of this.#images) if (image.id === id) this.#images.delete(name);
  }

  async storage(): Promise<RuntimeStorage> {
    return { imageFolder: tmpdir(), logFolder: tmpdir() };
  }

  async containerFiles(id: string): Promise<ContainerFiles | undefined> {
    return this.#containers.has(id) ? { layerFolder: undefined, logFiles: [] } : undefined;
  }

  async writtenBytes(id: string): Promise<number | undefined> {
    const container = this.#containers.get(id);
    return container && (this.#written.get(container.state.name) ?? 0);
  }

  /** Containers of that name have written so much over their image. */
  playWritten(containerName: string, bytes: number): void {
    this.#written.set(containerName, bytes);
  }

  async *logs(id: string, { tailLines, labelled }: LogOptions, _signal: AbortSignal): AsyncGenerator<Buffer> {
    const lines = this.#containers.get(id)?.output ?? [];
    const shown = tailLines === undefined ? lines : lines.slice(lines.length - tailLines);
    const time = `${new Date(this.#clock.now()).toISOString().slice(0, -1)}000000Z`;
    for (const line of shown) yield Buffer.from(labelled ? `${time} stdout F ${line}\n` : `${line}\n`);
  }

  async exec(id: string, command: readonly string[], options: StreamOptions): Promise<Session> {
    const script = command[2] ?? '';
    this.#noteOf(id, 'exec', ` ${script}`);
    await this.#gates.get('exec');
    const { lines, errors, exitCode } = { ...readScript(script), ...this.#answerTo(script) };
    const [stdin, output] = [new PassThrough(), new PassThrough()];
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    for (const line of lines) output.write(`${line}\n`);
    // `cat` is all that a fake command does with its input.
    if (command[2]?.includes('cat')) stdin.pipe(output);
    else if (exitCode !== undefined) output.end();
    const close = () => void output.end();
    const done = new Promise<number>((resolve) => output.on('end', () => resolve(exitCode ?? 137)));
    if (options.stdout) output.pipe(stdout);
    else {
      output.resume();
      stdout.end();
    }
    for (const line of options.stderr ? errors : []) stderr.write(`${line}\n`);
    stderr.end();
    return { stdin: options.stdin ? stdin : undefined, stdout, stderr, done, async resize() {}, close };
  }

  #answerTo(script: string): { readonly exitCode?: number } {
    const exitCode = this.#answers.get(script);
    return exitCode === undefined ? {} : { exitCode };
  }

  async attach(id: string, options: StreamOptions): Promise<Session> {
    const session = await this.exec(id, ['sh', '-c', 'cat'], options);
    if (this.#containers.get(id)?.state.status.type === 'exited') session.close();
    return session;
  }

  async openPort(_sandboxId: string, port: number): Promise<Duplex> {
    throw new RuntimeError('Refused', `nothing listens on port ${port}`);
  }

  async version(): Promise<string> {
    await this.#gates.get('version');
    return '1';
  }

  useCluster(clusterId: string): void {
    this.#clusterId = clusterId;
  }

  #owner(): { readonly clusterId?: string } {
    return this.#clusterId === undefined ? {} : { clusterId: this.#clusterId };
  }

  async ensureNetwork(_podCidr: string): Promise<undefined> {
    return undefined;
  }

  async prepare(): Promise<void> {}

  /** It has no processes that could be grouped. */
  async cgroupSupport(): Promise<undefined> {
    return undefined;
  }

  async deviceSupport(): Promise<DeviceSupport> {
    return this.#deviceSupport;
  }

  async supportsRecursiveReadOnly(): Promise<boolean> {
    return true;
  }

  async stats(ids: readonly string[]): Promise<ContainerStats[]> {
    const at = this.#clock.now();
    return ids.flatMap((id) => {
      const container = this.#containers.get(id)?.state;
      const sandbox = this.#sandboxes.get(id)?.state;
      if (container ? container.status.type !== 'running' : !sandbox?.running) return [];
      const { cores, memoryBytes } = (container && this.#usages.get(container.name)) ?? idle;
      const startedAt = container?.status.type === 'running' ? container.status.startedAt : (sandbox?.createdAt ?? at);
      return {
        id,
        at,
        cpuNanoseconds: Math.round(cores * (at - startedAt) * 1e6),
        memoryUsageBytes: memoryBytes,
        workingSetBytes: memoryBytes,
        rssBytes: memoryBytes,
        pageFaults: 0,
        majorPageFaults: 0,
        ...(sandbox && { interfaces: [] }),
      };
    });
  }

  /** Containers of that name use so much, and have since they were started. */
  playUsage(containerName: string, usage: PlayedUsage): void {
    this.#usages.set(containerName, usage);
  }

  #nextId(type: string): string {
    this.#serial += 1;
    return `${type}-${this.#serial}`;
  }

  #note(podName: string, what: string): void {
    this.#changes.push({ podName, what });
  }

  #noteOf(id: string, verb: string, words = ''): void {
    const container = this.#containers.get(id)?.state;
    const podName = (container ?? this.#sandboxes.get(id)?.state)?.pod.name ?? '';
    this.#note(podName, `${verb} ${container?.name ?? 'sandbox'}${words}`);
  }

  #end(id: string, exitCode: number): void {
    const { state, over } = this.#containers.get(id) ?? {};
    const status = state?.status;
    if (status?.type !== 'running') return;
    over?.abort();
    const finishedAt = Math.max(this.#clock.now(), status.startedAt);
    this.#setStatus(id, { ...status, type: 'exited', finishedAt, exitCode, outOfMemory: false });
  }

  #setStatus(id: string, status: ContainerRunState): void {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    container.state = { ...container.state, status };
    this.#tell('container', id, container.state.pod.uid);
  }

  #tell(type: RuntimeEvent['type'], id: string, podUid: string): void {
    for (const listener of this.#listeners) listener({ type, id, podUid });
  }
}

const notThere = (id: string): RuntimeError => new RuntimeError('NotFound', `No such container: ${id}`);

const neverStarted = (startError: string, finishedAt: number): ContainerRunState => ({
  type: 'exited',
  startedAt: 0,
  finishedAt,
  exitCode: 128,
  outOfMemory: false,
  startError,
});

/** Lines of the mounted files that a script shows by `cat "PATH"`. */
function readMounted({ command = [], mounts }: ContainerConfig): string[] {
  const shown = [...(command[2] ?? '').matchAll(/cat "([^"]+)"/g)].map(([, path = '']) => path);
  return shown.flatMap((path) => {
    const mount = mounts.find(({ containerPath }) => path === containerPath || path.startsWith(`${containerPath}/`));
    if (mount === undefined) return [];
    return readFileSync(mount.hostPath + path.slice(mount.containerPath.length), 'utf8')
      .trimEnd()
      .split('\n');
  });
}

function readScript(script: string): Script {
  const echoes = [...script.matchAll(/echo (\S+?)( >&2)?(?:;|$)/g)];
  const exit = /(?:^|; )exit (\d+)/.exec(script);
  const trap = /trap "(?:exit (\d+))?" TERM/.exec(script);
  const loops = script.includes('while true');
  return {
    lines: echoes.filter(([, , error]) => error === undefined).map(([, word = '']) => word),
    errors: echoes.filter(([, , error]) => error !== undefined).map(([, word = '']) => word),
    exitCode: loops ? undefined : Number(exit?.[1] ?? 0),
    stopCode: trap?.[1] === undefined ? undefined : Number(trap[1]),
  };
}
