/**
 * Shutdowns as systemd's logind has them, by systemd's own programs: a delay lock is a file descriptor, which Node cannot
 * be handed over D-Bus.
 *
 * - `systemd-inhibit` has the lock while the `cat` below it runs, and that ends with its input: with us, however we end.
 * - `busctl monitor` says when to look; what is so is read of logind itself, since others can send such signals as well.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inhibitDelayFile, readBoolean, readMicroseconds } from './logind-answers.ts';
import type { ShutdownHold, ShutdownSource } from './shutdown-source.ts';

export interface LogindOptions {
  /** Default: /etc/systemd/logind.conf.d. */
  readonly configFolder?: string;
  /** Of all programs; default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const usualConfigFolder = '/etc/systemd/logind.conf.d';
const configFile = '99-longshore-kubelet.conf';
const login = 'org.freedesktop.login1';
const manager = [login, '/org/freedesktop/login1', `${login}.Manager`] as const;
const timeoutMs = 10_000;
const match = `type='signal',sender='${login}',interface='${login}.Manager',member='PrepareForShutdown'`;
/** The kernel ends it with this process, however that ends. */
const monitorCommand = ['--pdeathsig', 'KILL', '--', 'busctl', '--system', 'monitor', '--json=short', '--match', match];
const inhibitCommand = ['--what=shutdown', '--mode=delay', '--who=kubelet', '--why=Pods are to end in order', 'cat'];
const longestComplaint = 2_000;

export class Logind implements ShutdownSource {
  readonly #configFolder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor({ configFolder = usualConfigFolder, env = process.env }: LogindOptions = {}) {
    this.#configFolder = configFolder;
    this.#env = { ...env };
  }

  async longestHoldMs(): Promise<number> {
    return readMicroseconds(await this.#property('InhibitDelayMaxUSec')) / 1_000;
  }

  async extendHold(ms: number): Promise<void> {
    await mkdir(this.#configFolder, { recursive: true });
    const file = join(this.#configFolder, configFile);
    await writeFile(`${file}.new`, inhibitDelayFile(ms));
    await rename(`${file}.new`, file);
    await this.#run('systemctl', ['kill', '--signal=HUP', 'systemd-logind.service']);
  }

  async hold(): Promise<ShutdownHold> {
    const child = spawn('systemd-inhibit', inhibitCommand, { stdio: ['pipe', 'pipe', 'pipe'], env: this.#env });
    const complaint = complaintOf(child);
    const over = ended(child);
    child.stdin.on('error', () => undefined); // its end says it
    // What `cat` repeats proves that it runs, which it does only under the lock.
    child.stdin.write('held\n');
    const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    await Promise.race([once(child.stdout, 'data').catch(() => undefined), over]);
    clearTimeout(limit);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error(`systemd-inhibit: ${complaint() || ((await over) ?? 'it ended')}`);
    child.stdout.resume();
    return {
      over: over.then(() => undefined),
      async release() {
        child.stdin.end();
        const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
        await over;
        clearTimeout(late);
      },
    };
  }

  async follow(onState: (isShuttingDown: boolean) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const child = spawn('setpriv', monitorCommand, { stdio: ['ignore', 'pipe', 'pipe'], env: this.#env });
    const complaint = complaintOf(child);
    const over = ended(child);
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    let trouble: unknown;
    let reading = Promise.resolve();
    const look = () => {
      reading = reading.then(async () => {
        try {
          const isShuttingDown = readBoolean(await this.#property('PreparingForShutdown'));
          if (!signal.aborted) onState(isShuttingDown);
        } catch (error) {
          trouble ??= error;
          kill();
        }
      });
    };
    look();
    // It says so on its error output when it hears: what came between that and the first look is seen then.
    child.stderr.once('data', look);
    child.stdout.on('data', look);
    const how = await over;
    await reading;
    signal.removeEventListener('abort', kill);
    if (!signal.aborted) throw trouble ?? new Error(`busctl monitor ended: ${complaint() || how}`);
  }

  async #property(name: string): Promise<string> {
    return await this.#run('busctl', ['--system', '--json=short', 'get-property', ...manager, name]);
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const options = { timeout: timeoutMs, env: this.#env };
    const { stdout } = await promisify(execFile)(command, [...args], options);
    return stdout;
  }
}

/** Resolves with how it ended, also when it could not be started. */
async function ended(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** What it has written to its error output so far. */
function complaintOf({ stderr }: ChildProcess): () => string {
  let text = '';
  stderr?.on('data', (data: Buffer) => (text = (text + data.toString()).slice(0, longestComplaint)));
  return () => text.trim();
}
