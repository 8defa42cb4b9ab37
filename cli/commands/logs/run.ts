/** `logs`: what containers write; with `-f` as long as they write, all at once. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Stored } from '../../../api/object.ts';
import { pods } from '../../../api/resources/core.ts';
import { isNotFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, countOf, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { chooseContainer, containersOf, findPod, findPods, selectorOf } from '../../pods-of.ts';
import { findGonePods } from './gone-pods.ts';
import { logQuery } from './log-query.ts';
import { printMerged, tooManyStreams } from './merged-logs.ts';

/** One stream of lines. */
interface Source {
  readonly pod: { readonly metadata: { readonly namespace?: string; readonly name: string } };
  readonly container: string;
  readonly withPrefix: boolean;
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const query = logQuery(args);
  const named = textOf(args, 'container') ?? containerWord(textsOf(args, 'words'));
  const all = isSet(args, 'all-containers');
  if (all && named !== undefined)
    throw new UserError('error: --all-containers=true should not be specified with container name');
  const labelSelector = await wantedSelector(context, args);
  const choose = (pod: Stored<Pod>, quiet = false): readonly string[] =>
    all ? containersOf(pod).map(({ name }) => name) : [chooseContainer(context, pod, { named, quiet }).name];
  if (labelSelector !== undefined)
    return await printMerged(context, args, { labelSelector, query, named, choose: (pod) => choose(pod, true) });
  let pod: Stored<Pod>;
  try {
    pod = await onePod(context, args);
  } catch (error) {
    if (!isNotFound(error) || args.gone === false || !(await printGone(context, args, { query, named }))) throw error;
    return;
  }
  const sources = choose(pod).map((container) => ({ pod, container, withPrefix: isSet(args, 'prefix') }));
  const most = countOf(args, 'max-log-requests', 1);
  const follow = isSet(args, 'follow');
  if (follow && sources.length > most) throw tooManyStreams(sources.length, most);
  const print = async (source: Source): Promise<void> => {
    try {
      await printLog(context, source, query(source.container));
    } catch (error) {
      if (context.signal.aborted) return;
      if (!isSet(args, 'ignore-errors')) throw error;
      context.errors.write(`error: ${errorText(error)}\n`);
    }
  };
  if (follow) await Promise.all(sources.map(print));
  else for (const source of sources) await print(source);
}

/** `logs POD CONTAINER` is an older way to say `-c`. */
const containerWord = ([first = '', second]: readonly string[]): string | undefined =>
  first.includes('/') ? undefined : second;

/** Undefined: of one pod. */
async function wantedSelector(context: CommandContext, args: Arguments): Promise<string | undefined> {
  const [word, ...others] = textsOf(args, 'words');
  const labelSelector = textOf(args, 'selector');
  if (labelSelector !== undefined) {
    if (word !== undefined) throw new UserError('error: only a selector (-l) or a POD name is allowed');
    return labelSelector;
  }
  if (word === undefined || others.length > 1 || (others.length > 0 && word.includes('/')))
    throw new UserError(
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
    );
  return word.includes('/') && args['all-pods'] !== false ? await selectorOf(context, [word]) : undefined;
}

async function onePod(context: CommandContext, args: Arguments): Promise<Stored<Pod>> {
  const [word = ''] = textsOf(args, 'words');
  if (!word.includes('/')) return await findPod(context, [word]);
  const timeoutMs = durationMs(textOf(args, 'pod-running-timeout') ?? '20s', '--pod-running-timeout');
  const all = await findPods(context, [word]);
  const pod = await findPod(context, [word], { timeoutMs });
  if (all.length > 1) context.errors.write(`Found ${all.length} pods, using pod/${pod.metadata.name}\n`);
  return pod;
}

/** What the node has kept of the last pod of the name. False: nothing. */
async function printGone(
  context: CommandContext,
  args: Arguments,
  { query, named }: { readonly query: ReturnType<typeof logQuery>; readonly named: string | undefined },
): Promise<boolean> {
  const [wanted = ''] = textsOf(args, 'words');
  const [pod] = await findGonePods(context, '', ({ name }) => name === wanted.replace(/^pods?\//, ''));
  const containers = pod?.containers.filter((name) => named === undefined || name === named) ?? [];
  if (pod === undefined || containers.length === 0) return false;
  const { name, uid, nodeName: node } = pod;
  const withPrefix = isSet(args, 'prefix') || containers.length > 1;
  context.errors.write(`pod/${name} is gone; this is what ${node} has kept of it\n`);
  const namespace = await context.oneNamespace();
  for (const container of containers) {
    const place = query(container, { gone: true, node, uid, follow: undefined, previous: undefined });
    await printLog(context, { pod: { metadata: { namespace, name } }, container, withPrefix }, place);
  }
  return true;
}

async function printLog(context: CommandContext, { pod, container, withPrefix }: Source, query: string): Promise<void> {
  const client = await context.client();
  const { namespace, name } = pod.metadata;
  const stream = await client.stream(objectPath(pods, { namespace, name }, 'log') + query, context.signal);
  if (withPrefix) return await printLines(context, stream, `[pod/${name}/${container}] `);
  for await (const chunk of stream) context.out.write(chunk);
}

/** Lines of several containers do not mix. */
async function printLines(context: CommandContext, stream: Readable, prefix: string): Promise<void> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = () => lines.close();
  context.signal.addEventListener('abort', stop, { once: true });
  stream.once('close', stop);
  for await (const line of lines) context.out.write(Buffer.from(`${prefix}${line}\n`));
}
