/** The sandbox's own engine, to be killed and started again. */

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Dockerode from 'dockerode';
import { dockerSocket } from '../../cluster/components.ts';
import { eventually } from './eventually.ts';
import { isAlive } from './processes.ts';

const script = fileURLToPath(new URL('./sandbox.sh', import.meta.url));

export class SandboxEngine {
  readonly docker = new Dockerode({ socketPath: dockerSocket() });
  readonly #folder: string;

  constructor(folder = process.env.LONGSHORE_SANDBOX) {
    if (folder === undefined) throw new Error('This runs in the sandbox only: test/support/sandbox.sh COMMAND');
    this.#folder = folder;
  }

  /** Whether containers go on when the engine is killed: true of an engine that `npm start` started. */
  async setLiveRestore(isOn: boolean): Promise<void> {
    await this.#configure(isOn);
    process.kill(await this.#pid(), 'SIGHUP');
    await eventually('the engine has read its configuration', async () => {
      const { LiveRestoreEnabled: isEnabled } = (await this.docker.info()) as { LiveRestoreEnabled: boolean };
      return isEnabled === isOn;
    });
  }

  /** `kill -9`; resolves when it is dead. */
  async kill(): Promise<void> {
    const pid = await this.#pid();
    process.kill(pid, 'SIGKILL');
    await eventually('the engine is dead', () => !isAlive(pid));
  }

  /** Again, after `kill`. Resolves when it answers. Without live-restore it ends what still runs, and lets it lie. */
  async start({ liveRestore }: { readonly liveRestore: boolean }): Promise<void> {
    await this.#configure(liveRestore);
    spawn(script, ['--engine'], { detached: true, stdio: 'ignore' }).unref();
    await eventually('the engine answers', () => this.docker.ping().then(() => true), { timeoutMs: 60_000 });
  }

  async #configure(liveRestore: boolean): Promise<void> {
    await writeFile(join(this.#folder, 'engine.json'), JSON.stringify({ 'live-restore': liveRestore }));
  }

  async #pid(): Promise<number> {
    return Number(await readFile(join(this.#folder, 'docker.pid'), 'utf8'));
  }
}
