/**
 * Finds plugins by their sockets in one folder, as upstream's kubelet does: a plugin puts a socket there, is asked what
 * it is, and is told whether it was taken. A socket that goes takes its plugin along; one that was replaced is another.
 *
 * Invariants:
 * - One plugin's trouble is its own: each socket is looked after by itself, and tried again after a wait that grows.
 * - What a handler was given it is told to let go of, before it is given another of the same socket.
 */

import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { Logger } from '../../base/logger.ts';
import type { PluginChannel } from './plugin-channel.ts';
import { registrationMethods } from './registration-messages.ts';
import { textIn, textsIn } from './wire-messages.ts';

/** What a plugin says of itself. */
export interface PluginInfo {
  /** `CSIPlugin`, `DRAPlugin` … */
  readonly type: string;
  readonly name: string;
  /** The socket that it serves at. */
  readonly socketPath: string;
  readonly versions: readonly string[];
}

/** Who makes use of plugins of one type. */
export interface PluginHandler {
  /** Idempotent. Throws an Error that the plugin is told: it is tried again. */
  register(plugin: PluginInfo): Promise<void>;
  /** Its socket is gone. Idempotent. */
  deregister(plugin: PluginInfo): Promise<void>;
}

export interface PluginRegistryOptions {
  /** Made when it is missing. */
  readonly folder: string;
  /** By the type that plugins name. */
  readonly handlers: ReadonlyMap<string, PluginHandler>;
  readonly open: (socketPath: string) => Promise<PluginChannel>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Found {
  /** What makes a socket another one, though its path is the same. */
  readonly identity: string;
  registered?: PluginInfo;
  isBusy: boolean;
  failures: number;
  /** Monotonic. */
  retryAt: number;
}

const lookEveryMs = 1_000;
const answerWithinMs = 10_000;
const retry = { baseMs: 500, maxMs: 120_000 };
/** Root's alone: whoever may put a socket there is given Secrets and root's mounts. */
const folderMode = 0o750;

export class PluginRegistry {
  readonly #options: PluginRegistryOptions;
  readonly #found = new Map<string, Found>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: PluginRegistryOptions) {
    this.#options = options;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, folder } = this.#options;
    while (!signal.aborted) {
      try {
        await mkdir(folder, { recursive: true, mode: folderMode });
        await this.#look();
      } catch (error) {
        logger.warn('Plugins could not be looked for; trying again', { folder, error });
      }
      await clock.sleep(lookEveryMs, signal);
    }
    await Promise.all(this.#running);
  }

  async #look(): Promise<void> {
    const { folder, clock } = this.#options;
    const present = new Map<string, string>();
    for (const name of (await readdir(folder)).filter((one) => !one.startsWith('.'))) {
      const path = join(folder, name);
      const found = await ifFilePresent(lstat(path));
      if (found?.isSocket()) present.set(path, `${found.dev}:${found.ino}:${found.ctimeMs}`);
    }
    for (const [path, found] of this.#found)
      if (present.get(path) !== found.identity && !found.isBusy)
        this.#start(path, found, () => this.#drop(path, found));
    for (const [path, identity] of present) {
      const known = this.#found.get(path);
      const found = known ?? { identity, isBusy: false, failures: 0, retryAt: Number.NEGATIVE_INFINITY };
      if (known === undefined) this.#found.set(path, found);
      const isDue = found.registered === undefined && clock.monotonic() >= found.retryAt;
      if (!found.isBusy && found.identity === identity && isDue)
        this.#start(path, found, () => this.#register(path, found));
    }
  }

  #start(path: string, found: Found, work: () => Promise<void>): void {
    const { clock, logger } = this.#options;
    found.isBusy = true;
    const run = work()
      .catch((error: unknown) => {
        found.failures += 1;
        found.retryAt = clock.monotonic() + computeBackoffMs(found.failures, retry);
        logger.warn('A plugin could not be registered; trying again', { socket: path, error });
      })
      .finally(() => {
        found.isBusy = false;
        this.#running.delete(run);
      });
    this.#running.add(run);
  }

  async #register(path: string, found: Found): Promise<void> {
    const { handlers, open, logger } = this.#options;
    const channel = await open(path);
    try {
      const plugin = readInfo(await channel.call(registrationMethods.getInfo, {}, answerWithinMs), path);
      const tell = (error: string) => {
        const message = { pluginRegistered: error === '', error };
        return channel.call(registrationMethods.notifyRegistrationStatus, message, answerWithinMs);
      };
      try {
        const handler = handlers.get(plugin.type);
        if (handler === undefined) throw new Error(`no handler registered for plugin type: ${plugin.type}`);
        await handler.register(plugin);
      } catch (error) {
        await tell(errorText(error)).catch(() => undefined); // the first error is what matters
        throw error;
      }
      found.registered = plugin;
      await tell('');
      logger.info('A plugin is registered', { type: plugin.type, plugin: plugin.name });
    } finally {
      channel.close();
    }
  }

  async #drop(path: string, found: Found): Promise<void> {
    const { registered } = found;
    if (registered !== undefined) await this.#options.handlers.get(registered.type)?.deregister(registered);
    this.#found.delete(path);
  }
}

function readInfo(message: Parameters<typeof textIn>[0], socketPath: string): PluginInfo {
  return {
    type: textIn(message, 'type'),
    name: textIn(message, 'name'),
    socketPath: textIn(message, 'endpoint') || socketPath,
    versions: textsIn(message, 'supportedVersions'),
  };
}
