/**
 * A runtime without containers, for tests: processes are played by a few shell idioms that it understands, or by the
 * test itself (`exit`). It passes the same suite as the real one.
 */

import { readFileSync } from 'node:fs';
import { type Duplex, PassThrough } from 'node:stream';
import { createDeferred } from '../../../base/deferred.ts';
import {
  type ContainerConfig,
  type ContainerRunState,
  type ContainerState,
  type ContainerStats,
  type ImageDetails,
  type ImageState,
  type LogOptions,
  type RegistryCredentials,
  type Runtime,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeSnapshot,
  type RuntimeVersion,
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
  readonly config: ContainerConfig;
  readonly name: string;
  readonly output: string[];
}

type HeldMethod = 'createSandbox' | 'startSandbox' | 'createContainer' | 'startContainer' | 'exec';

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
  readonly #sandboxes = new Map<string, FakeSandbox>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #images = new Map<string, ImageDetails>();
  readonly #listeners = new Set<Listener>();
  readonly #gates = new Map<HeldMethod, Promise<void>>();
  #serial = 0;
  #clusterId: string | undefined;
  /** All calls that change something, in order: what a test asks when it must know how often. */
  readonly changes: string[] = [];

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

  addImage(name: string): void {
    this.#images.set(name, { id: `sha256:${name}`, sizeBytes: 1_000_000, user: '' });
  }

  /** The process ends by itself. */
  exit(id: string, exitCode: number): void {
    this.#end(id, exitCode);
  }

  async list(): Promise<RuntimeSnapshot> {
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
    const state = { id, pod, attempt, running: false, createdAt: Date.now(), ...this.#owner() };
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
    const { pod, kind, attempt, specHash, imageName, image, annotations } = config;
    const known = { id, pod, kind, attempt, specHash, imageName, annotations, sandboxId, name: config.name };
    const state: ContainerState = {
      ...known,
      ...this.#owner(),
      imageId: image,
      createdAt: Date.now(),
      status: { type: 'created' },
    };
    this.#containers.set(id, { state, config, name, output: [] });
    return id;
  }

  async startContainer(id: string): Promise<ContainerState> {
    await this.#gates.get('startContainer');
    const container = this.#containers.get(id);
    if (container === undefined) throw notThere(id);
    if (!this.#sandboxes.get(container.state.sandboxId)?.state.running)
      throw new RuntimeError('Conflict', 'the sandbox does not run');
    const program = container.config.command?.[0] ?? 'sh';
    if (program.startsWith('/')) {
      this.#setStatus(id, neverStarted(`exec: "${program}": no such file or directory`));
      return container.state;
    }
    this.#setStatus(id, { type: 'running', startedAt: Date.now() });
    const started = container.state;
    const script = readScript(container.config.command?.[2] ?? '');
    container.output.push(...script.lines, ...script.errors, ...readMounted(container.config));
    if (script.exitCode !== undefined) setImmediate(() => this.#end(id, script.exitCode ?? 0));
    return started;
  }

  async stop(id: string, _graceSeconds: number): Promise<void> {
    this.changes.push(`stop ${this.#nameOf(id)}`);
    const sandbox = this.#sandboxes.get(id);
    if (sandbox?.state.running) {
      const { ip: _, ...rest } = sandbox.state;
      sandbox.state = { ...rest, running: false };
      this.#tell('sandbox', id, rest.pod.uid);
    }
    const container = this.#containers.get(id);
    if (container !== undefined) this.#end(id, readScript(container.config.command?.[2] ?? '').stopCode ?? 137);
  }

  async remove(id: string): Promise<void> {
    const found = this.#containers.get(id)?.state ?? this.#sandboxes.get(id)?.state;
    if (found === undefined) return;
    this.changes.push(`remove ${this.#nameOf(id)}`);
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

  async inspectImage(name: string): Promise<ImageDetails | undefined> {
    return this.#images.get(name);
  }

  async pullImage(name: string, _credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    throw new RuntimeError('Refused', `manifest for ${name} not found: manifest unknown`);
  }

  async listImages(): Promise<ImageState[]> {
    return [...this.#images].map(([name, { id, sizeBytes }]) => ({ id, names: [name], sizeBytes, createdAt: 0 }));
  }

  async removeImage(id: string): Promise<void> {
    for (const [name, image] of this.#images) if (image.id === id) this.#images.delete(name);
  }

  async *logs(id: string, { tailLines }: LogOptions, _signal: AbortSignal): AsyncGenerator<Buffer> {
    const lines = this.#containers.get(id)?.output ?? [];
    const shown = tailLines === undefined ? lines : lines.slice(lines.length - tailLines);
    for (const line of shown) yield Buffer.from(`${line}\n`);
  }

  async exec(_id: string, command: readonly string[], options: StreamOptions): Promise<Session> {
    await this.#gates.get('exec');
    const { lines, errors, exitCode } = readScript(command[2] ?? '');
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

  async attach(id: string, options: StreamOptions): Promise<Session> {
    return await this.exec(id, ['sh', '-c', 'cat'], options);
  }

  async openPort(_sandboxId: string, port: number): Promise<Duplex> {
    throw new RuntimeError('Refused', `nothing listens on port ${port}`);
  }

  async version(): Promise<RuntimeVersion> {
    return { name: 'fake', version: '1' };
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

  async stats(ids: readonly string[]): Promise<ContainerStats[]> {
    return ids.map((id) => ({ id, cpuNanoseconds: 0, memoryBytes: 0 }));
  }

  #nextId(type: string): string {
    this.#serial += 1;
    this.changes.push(`create ${type}`);
    return `${type}-${this.#serial}`;
  }

  #nameOf(id: string): string {
    return this.#containers.get(id)?.state.name ?? 'sandbox';
  }

  #end(id: string, exitCode: number): void {
    const { status } = this.#containers.get(id)?.state ?? {};
    if (status?.type !== 'running') return;
    const finishedAt = Math.max(Date.now(), status.startedAt);
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

const neverStarted = (startError: string): ContainerRunState => ({
  type: 'exited',
  startedAt: 0,
  finishedAt: Date.now(),
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
