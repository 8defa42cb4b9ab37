/**
 * The last logs of containers that are no longer there: of those before the present one, and of pods that are gone. They
 * are copied when a container is followed by another one, and before it is removed. Files:
 * `UID/pod.json` (whose they are) and `UID/CONTAINER.ATTEMPT.log`.
 *
 * Invariants: what is kept stays below the budget; a log that cannot be kept holds nobody up.
 */

import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../api/json-record.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import type { ContainerState, LogOptions, PodIdentity, StreamRuntime } from '../runtime/runtime.ts';
import { LogTail, selectLines } from './kept-lines.ts';
import { findLogsToDrop, type KeptLog, type LogBudget } from './log-budget.ts';

/** What of a pod is known besides its identity: whose logs somebody may look for. */
export interface PodFacts {
  readonly labels: Readonly<Record<string, string>>;
  /** `Kind/name` of the controller; empty: it has none. */
  readonly controller: string;
  /** When the API got it, in ms; 0: not known. Of a namespace that was made later it is no pod, whatever its name. */
  readonly madeAt: number;
}

export interface KeptPod extends PodIdentity, PodFacts {
  /** The newest attempt of each container first. */
  readonly logs: readonly KeptLog[];
}

export interface KeptLogsOptions {
  readonly folder: string;
  readonly runtime: Pick<StreamRuntime, 'logs'>;
  /** Undefined: nothing is known any more. */
  readonly factsOf: (pod: PodIdentity) => PodFacts | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget?: Partial<LogBudget>;
}

const usualBudget: LogBudget = {
  nodeBytes: 256 * 2 ** 20,
  nodeLogs: 4096,
  podBytes: 4 * 2 ** 20,
  attempts: 5,
  maxAgeMs: 24 * 3_600_000,
};
const mostLines = 5_000;
const mostBytes = 2 ** 20;
/** An engine that does not answer keeps no pod from going. */
const patienceMs = 5_000;
/** Ids and names come from the API: what could lead elsewhere is kept nowhere. */
const safeName = /^[A-Za-z0-9][\w.-]{0,252}$/;
const logFile = /^(.+)\.(\d+)\.log$/;

interface Entry extends PodIdentity, PodFacts {
  readonly logs: Map<string, KeptLog>;
}

export class KeptLogs {
  readonly #options: KeptLogsOptions;
  readonly #budget: LogBudget;
  readonly #pods = new Map<string, Entry>();
  /** What is being copied, by file: nothing is copied twice. */
  readonly #copying = new Map<string, Promise<void>>();
  #written: Promise<void> = Promise.resolve();

  constructor(options: KeptLogsOptions) {
    this.#options = options;
    this.#budget = { ...usualBudget, ...options.budget };
  }

  /** What an earlier kubelet kept. Once, at the start. Never rejects. */
  async load(): Promise<void> {
    const { folder, logger } = this.#options;
    try {
      await ensurePrivateFolder(folder);
      for (const uid of await readdir(folder)) await this.#loadPod(uid);
      await this.#dropOld();
    } catch (error) {
      logger.warn('Kept logs could not be read', { error });
    }
  }

  /** Copies the log of a container that has ended. Idempotent; never rejects. */
  async keep(state: ContainerState): Promise<void> {
    const { pod, name, attempt, status } = state;
    if (status.type !== 'exited' || status.startedAt === 0 || this.#budget.nodeBytes <= 0) return;
    if (!safeName.test(pod.uid) || !safeName.test(name)) return;
    const file = fileOf(name, attempt);
    if (this.#pods.get(pod.uid)?.logs.has(file)) return;
    const key = `${pod.uid}/${file}`;
    const copying = this.#copying.get(key) ?? this.#copy(state).finally(() => this.#copying.delete(key));
    this.#copying.set(key, copying);
    await copying;
  }

  /** Resolves when nothing is being copied. */
  async settled(): Promise<void> {
    await Promise.all(this.#copying.values());
  }

  /** Logs of that container, the newest attempt first. */
  logsOf(podUid: string, container: string): KeptLog[] {
    return [...(this.#pods.get(podUid)?.logs.values() ?? [])]
      .filter((log) => log.container === container)
      .sort((a, b) => b.attempt - a.attempt);
  }

  /** Pods of a namespace of which something is kept. */
  podsOf(namespace: string): KeptPod[] {
    return [...this.#pods.values()]
      .filter((pod) => pod.namespace === namespace)
      .map((pod) => ({ ...pod, logs: [...pod.logs.values()].sort((a, b) => b.attempt - a.attempt) }));
  }

  /** What of it is asked for. Throws when it went meanwhile. */
  async read(podUid: string, log: Pick<KeptLog, 'container' | 'attempt'>, options: LogOptions): Promise<Buffer[]> {
    const { folder } = this.#options;
    return selectLines(await readFile(join(folder, podUid, fileOf(log.container, log.attempt))), options);
  }

  async #loadPod(uid: string): Promise<void> {
    const folder = join(this.#options.folder, uid);
    const facts = await readFacts(join(folder, 'pod.json'));
    if (facts?.uid !== uid || !safeName.test(uid)) return await rm(folder, { recursive: true, force: true });
    const logs = new Map<string, KeptLog>();
    for (const file of await readdir(folder)) {
      const [, container, attempt] = logFile.exec(file) ?? [];
      if (container === undefined) continue;
      const { size, mtimeMs } = await stat(join(folder, file));
      logs.set(file, { container, attempt: Number(attempt), bytes: size, keptAt: mtimeMs });
    }
    this.#pods.set(uid, { ...facts, logs });
  }

  async #copy(state: ContainerState): Promise<void> {
    const { logger } = this.#options;
    try {
      const text = await this.#readTail(state);
      if (text.length === 0) return;
      const written = this.#written.then(() => this.#write(state, text));
      this.#written = written.catch(() => undefined);
      await written;
    } catch (error) {
      const { pod, name } = state;
      logger.debug('The log of a container that ended could not be kept', { pod: pod.name, container: name, error });
    }
  }

  /** One after the other. */
  async #write({ pod, name, attempt }: ContainerState, text: Buffer): Promise<void> {
    const { folder, factsOf, clock } = this.#options;
    const place = join(folder, pod.uid);
    const known = this.#pods.get(pod.uid);
    const { labels, controller, madeAt } = factsOf(pod) ?? known ?? { labels: {}, controller: '', madeAt: 0 };
    await ensurePrivateFolder(place);
    await writeAtomically(join(place, 'pod.json'), JSON.stringify({ ...pod, labels, controller, madeAt }), 0o600);
    await writeFile(join(place, fileOf(name, attempt)), text, { mode: 0o600 });
    const logs = known?.logs ?? new Map<string, KeptLog>();
    logs.set(fileOf(name, attempt), { container: name, attempt, bytes: text.length, keptAt: clock.now() });
    this.#pods.set(pod.uid, { ...pod, labels, controller, madeAt, logs });
    await this.#dropOld();
  }

  async #readTail({ id }: ContainerState): Promise<Buffer> {
    const { runtime, clock } = this.#options;
    const [over, done] = [new AbortController(), new AbortController()];
    void clock.sleep(patienceMs, done.signal).then(() => over.abort());
    const tail = new LogTail(mostBytes);
    const options = {
      follow: false,
      timestamps: true,
      labelled: true,
      tailLines: mostLines,
      stdout: true,
      stderr: true,
    };
    try {
      for await (const chunk of runtime.logs(id, options, over.signal)) tail.add(chunk);
    } finally {
      done.abort();
    }
    return tail.take();
  }

  async #dropOld(): Promise<void> {
    const { folder, clock } = this.#options;
    const pods = [...this.#pods].map(([uid, { logs }]) => ({ uid, logs: [...logs.values()] }));
    for (const { uid, log } of findLogsToDrop(pods, this.#budget, clock.now())) {
      const logs = this.#pods.get(uid)?.logs;
      const file = fileOf(log.container, log.attempt);
      logs?.delete(file);
      await rm(join(folder, uid, file), { force: true });
      if (logs?.size !== 0) continue;
      this.#pods.delete(uid);
      await rm(join(folder, uid), { recursive: true, force: true });
    }
  }
}

const fileOf = (container: string, attempt: number): string => `${container}.${attempt}.log`;

/** Undefined: there is none, or it is not ours. */
async function readFacts(path: string): Promise<(PodIdentity & PodFacts) | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isRecord(value) || !isRecord(value.labels)) return undefined;
    const { uid, namespace, name, controller, madeAt } = value;
    const texts = Object.entries(value.labels).flatMap(([key, text]) =>
      typeof text === 'string' ? [[key, text]] : [],
    );
    if (![uid, namespace, name, controller].every((one) => typeof one === 'string')) return undefined;
    return {
      ...{ uid: String(uid), namespace: String(namespace), name: String(name), controller: String(controller) },
      labels: Object.fromEntries(texts),
      madeAt: typeof madeAt === 'number' ? madeAt : 0,
    };
  } catch {
    return undefined;
  }
}
