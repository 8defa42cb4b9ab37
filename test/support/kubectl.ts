/**
 * Real kubectls to check the API with: Debian's 1.20, unpacked into a cache, and whichever `kubectl.1.NN` a cloud SDK
 * installed. Each runs with a home of its own, so that no discovery cache is shared.
 */

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';
import { Terminal, type TerminalSize } from './terminal.ts';

const run = promisify(execFile);

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** One kubectl, pointed at one cluster. */
export class Kubectl {
  readonly #binary: string;
  readonly #kubeconfig: string;
  readonly #home: string;
  /** `1.20`, `1.33` … */
  readonly version: string;

  private constructor(binary: KubectlBinary, kubeconfig: string, home: string) {
    this.#binary = binary.path;
    this.version = binary.version;
    this.#kubeconfig = kubeconfig;
    this.#home = home;
  }

  static async open(binary: KubectlBinary, kubeconfig: string): Promise<Kubectl> {
    return new Kubectl(binary, kubeconfig, await mkdtemp(join(tmpdir(), `longshore-kubectl-${binary.version}-`)));
  }

  /** Runs it to its end. A time-out ends it with code 124. */
  run(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
    const { stdin, timeoutMs = 60_000, env = {} } = options;
    const child = this.start(args, env);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // it ended without reading its input
    child.stdin.end(stdin ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({
          code: code ?? 124,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      });
    });
  }

  /** Starts it and leaves it to the caller, for what goes on: `get -w`, `port-forward`. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return spawn(this.#binary, args, { stdio: 'pipe', env: { ...this.#environment, ...env } });
  }

  /** The same as at a keyboard: for `exec -it`. */
  startInTerminal(args: readonly string[], size: TerminalSize): Terminal {
    return Terminal.start([this.#binary, ...args], { size, env: this.#environment });
  }

  get #environment() {
    return { PATH: process.env.PATH, HOME: this.#home, KUBECONFIG: this.#kubeconfig };
  }

  async close(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}

export interface KubectlBinary {
  readonly version: string;
  readonly path: string;
}

/** Debian's kubectl 1.20, which every machine can get; a sandbox has no way to the mirror, and finds it in the cache. */
export async function debianKubectl(): Promise<KubectlBinary> {
  const cache = join(packageRoot, 'node_modules', '.cache', 'kubectl-debian');
  const path = join(cache, 'usr/bin/kubectl');
  if (!existsSync(path)) {
    await mkdir(dirname(cache), { recursive: true });
    const folder = await mkdtemp(`${cache}-`);
    await run('apt-get', ['download', '-q', 'kubernetes-client'], { cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get download kubernetes-client left no package');
    await run('dpkg', ['-x', archive, '.'], { cwd: folder });
    await rm(join(folder, archive));
    if (existsSync(cache)) await rm(folder, { recursive: true });
    else await rename(folder, cache);
  }
  return { version: '1.20', path };
}

/** The `kubectl.1.NN` beside the dispatcher that `kubectl` on the PATH links to; none where there is no such thing. */
export async function sdkKubectls(): Promise<KubectlBinary[]> {
  const found: KubectlBinary[] = [];
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const link = join(folder, 'kubectl');
    if (!existsSync(link)) continue;
    const home = dirname(await realpath(link));
    for (const name of (await readdir(home)).sort()) {
      const version = /^kubectl\.(1\.\d+)$/.exec(name)?.[1];
      if (version !== undefined && !found.some((one) => one.version === version))
        found.push({ version, path: join(home, name) });
    }
  }
  return found;
}

export async function allKubectls(): Promise<KubectlBinary[]> {
  return [await debianKubectl(), ...(await sdkKubectls())];
}
