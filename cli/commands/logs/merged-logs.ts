/**
 * `logs` of a workload, or of all pods that labels select: the logs of all of them in the order of their times, also of
 * pods that are gone; with `-f` then what they and pods that come later write, as it comes.
 */

import type { Stored } from '../../../api/object.ts';
import { isPodFinished } from '../../../api/pods.ts';
import { pods } from '../../../api/resources/core.ts';
import { isNotFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, countOf, isSet } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll } from '../../requests.ts';
import { findGonePods } from './gone-pods.ts';
import type { LogParameters } from './log-query.ts';
import { mergeByTime, ReadMark, readTimedLines, type TimedLine } from './timed-lines.ts';

export interface MergedLogs {
  readonly labelSelector: string;
  query(container: string, more?: LogParameters): string;
  /** The container that was named. */
  readonly named: string | undefined;
  /** Which containers of a pod. */
  choose(pod: Stored<Pod>): readonly string[];
}

/** One log. */
interface Source {
  readonly podName: string;
  readonly uid: string;
  readonly container: string;
  /** Of a pod that is gone: where its log is. */
  readonly gone?: { readonly node: string; readonly uid: string };
  readonly mark: ReadMark;
}

/** How often, with -f, it is looked for pods that are new. */
const lookEveryMs = 2_000;

export async function printMerged(context: CommandContext, args: Arguments, logs: MergedLogs): Promise<void> {
  const merger = new LogMerger(context, args, logs);
  await merger.printWritten();
  if (isSet(args, 'follow')) await merger.follow();
}

export const tooManyStreams = (count: number, most: number): UserError =>
  new UserError(
    `error: you are attempting to follow ${count} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
  );

class LogMerger {
  readonly #context: CommandContext;
  readonly #args: Arguments;
  readonly #logs: MergedLogs;
  readonly #most: number;
  /** By pod and container: what was read of each. */
  readonly #sources = new Map<string, Source>();
  readonly #following = new Map<string, Promise<void>>();
  readonly #over = new Set<string>();
  #withPrefix = true;
  readonly #told = new Set<string>();

  constructor(context: CommandContext, args: Arguments, logs: MergedLogs) {
    this.#context = context;
    this.#args = args;
    this.#logs = logs;
    this.#most = countOf(args, 'max-log-requests', 1);
  }

  /** What has been written until now. Throws when there is something, and none of it can be read. */
  async printWritten(): Promise<void> {
    const args = this.#args;
    const live = (await this.#livePods()).flatMap((pod) => this.#sourcesOf(pod));
    const isWhole = args.gone !== false && !isSet(args, 'previous');
    const all = [...(isWhole ? await this.#goneSources(live) : []), ...live];
    if (all.length === 0)
      this.#context.errors.write(`No resources found in ${await this.#context.oneNamespace()} namespace.\n`);
    if (live.length > this.#most) throw tooManyStreams(live.length, this.#most);
    // Those that went last are the ones to be left out last.
    const shown = all.slice(Math.max(0, all.length - this.#most));
    this.#withPrefix = isSet(args, 'prefix') || (args.prefix !== false && (shown.length > 1 || isSet(args, 'follow')));
    let failure: unknown;
    const opened = await Promise.all(
      shown.map(async (source) => {
        try {
          return [{ of: source, lines: await this.#open(source, { follow: undefined }) }];
        } catch (error) {
          failure ??= error;
          this.#tell(source, error);
          return [];
        }
      }),
    );
    const sources = opened.flat();
    if (sources.length === 0 && failure !== undefined && !isSet(args, 'follow')) throw failure;
    for await (const line of mergeByTime(sources)) this.#print(line.of, line);
  }

  /** What is written from then on, until nobody is left who could write. */
  async follow(): Promise<void> {
    const { signal } = this.#context;
    while (!signal.aborted) {
      const found = await this.#livePods();
      for (const pod of found) for (const source of this.#sourcesOf(pod)) this.#followOne(source, isPodFinished(pod));
      if (this.#following.size === 0 && found.every(isPodFinished)) return;
      await systemClock.sleep(lookEveryMs, signal);
    }
    await Promise.all(this.#following.values());
  }

  #followOne(source: Source, isFinished: boolean): void {
    const key = keyOf(source);
    if (this.#following.has(key) || this.#over.has(key)) return;
    if (this.#following.size >= this.#most) {
      this.#tell(source, tooManyStreams(this.#most + 1, this.#most));
      return;
    }
    // What has finished has written all when it is read once more.
    if (isFinished) this.#over.add(key);
    const following = this.#printNew(source).finally(() => this.#following.delete(key));
    this.#following.set(key, following);
  }

  /** Never rejects. */
  async #printNew(source: Source): Promise<void> {
    const { time } = source.mark;
    const from: LogParameters =
      time === '' ? {} : { sinceTime: time, sinceSeconds: undefined, tailLines: undefined, limitBytes: undefined };
    try {
      const isNew = source.mark.createFilter();
      for await (const line of await this.#open(source, from)) if (isNew(line)) this.#print(source, line);
    } catch (error) {
      this.#tell(source, error);
    }
  }

  async #livePods(): Promise<Stored<Pod>[]> {
    const namespace = await this.#context.oneNamespace();
    const { labelSelector } = this.#logs;
    return await listAll(await this.#context.client(), pods, { namespace, labelSelector });
  }

  #sourcesOf(pod: Stored<Pod>): Source[] {
    const { name, uid } = pod.metadata;
    return this.#logs.choose(pod).map((container) => this.#known({ podName: name, uid, container }));
  }

  async #goneSources(live: readonly Source[]): Promise<Source[]> {
    const { named, labelSelector } = this.#logs;
    const [wanted = live[0]?.container] = [named];
    const found = await findGonePods(this.#context, labelSelector);
    return found.toReversed().flatMap(({ name, uid, nodeName, containers }) => {
      const one = !isSet(this.#args, 'all-containers') && wanted !== undefined && containers.includes(wanted);
      if (named !== undefined && !containers.includes(named)) return [];
      return (one ? [wanted] : containers).map((container) =>
        this.#known({ podName: name, uid, container, gone: { node: nodeName, uid } }),
      );
    });
  }

  #known(source: Omit<Source, 'mark'>): Source {
    const key = keyOf(source);
    const known = this.#sources.get(key) ?? { ...source, mark: new ReadMark() };
    this.#sources.set(key, known);
    return known;
  }

  async #open(source: Source, more: LogParameters): Promise<AsyncGenerator<TimedLine>> {
    const { podName: name, container, gone } = source;
    const client = await this.#context.client();
    const namespace = await this.#context.oneNamespace();
    const place = gone === undefined ? {} : { gone: true, ...gone };
    const query = this.#logs.query(container, { ...more, ...place, timestamps: true });
    const { signal } = this.#context;
    return readTimedLines(await client.stream(objectPath(pods, { namespace, name }, 'log') + query, signal), signal);
  }

  #print(source: Source, line: TimedLine): void {
    source.mark.note(line);
    const prefix = this.#withPrefix ? `[pod/${source.podName}/${source.container}] ` : '';
    const time = isSet(this.#args, 'timestamps') && line.time !== '' ? `${line.time} ` : '';
    this.#context.out.write(Buffer.from(`${prefix}${time}${line.text}\n`));
  }

  /** One pod that cannot be read yet does not end the others; it is said once. */
  #tell({ podName, container }: Source, error: unknown): void {
    if (isSet(this.#args, 'follow') && passesByItself(error)) return;
    const text = `error: pod/${podName}/${container}: ${errorText(error)}\n`;
    if (this.#context.signal.aborted || this.#told.has(text)) return;
    this.#told.add(text);
    this.#context.errors.write(text);
  }
}

/** A container is being made, or its pod went since it was listed: who follows looks again soon. */
const passesByItself = (error: unknown): boolean =>
  isNotFound(error) || /is waiting to start: (ContainerCreating|PodInitializing)$/.test(errorText(error));

const keyOf = ({ uid, container }: Pick<Source, 'uid' | 'container'>): string => `${uid}/${container}`;
