/** Which pods a command means: `web`, `pod/web`, or those of `deployment/web`, `service/web`, `rc/web`. */

import { isRecord } from '../api/json-record.ts';
import type { KubernetesObject, Stored } from '../api/object.ts';
import { isPodActive, isPodReady } from '../api/pods.ts';
import { pods } from '../api/resources/core.ts';
import type { Container, Pod } from '../api/types/core/v1.ts';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/user-error.ts';
import type { CommandContext } from './command-context.ts';
import { pathSegment } from './path-segment.ts';
import { listAll } from './requests.ts';
import { parseOne } from './resources.ts';
import { selectorText } from './selector-text.ts';

/** The pod itself, or the best of those that the object selects: the ready one, the oldest. Waits until there is one. */
export async function findPod(
  context: CommandContext,
  words: readonly string[],
  { timeoutMs = 60_000 } = {},
): Promise<Stored<Pod>> {
  const end = systemClock.monotonic() + timeoutMs;
  for (;;) {
    const found = await findPods(context, words);
    const [best] = found.toSorted(byUse);
    if (best !== undefined) return best;
    if (context.signal.aborted || systemClock.monotonic() >= end)
      throw new UserError('error: timed out waiting for the condition');
    await systemClock.sleep(200, context.signal);
  }
}

const byUse = (one: Stored<Pod>, other: Stored<Pod>): number =>
  Number(isPodActive(other)) - Number(isPodActive(one)) ||
  Number(isPodReady(other)) - Number(isPodReady(one)) ||
  (one.metadata.creationTimestamp < other.metadata.creationTimestamp ? -1 : 1);

/** The pod itself, or all that the object selects. */
export async function findPods(context: CommandContext, words: readonly string[]): Promise<Stored<Pod>[]> {
  const client = await context.client();
  const namespace = await context.oneNamespace();
  const [first = '', ...others] = words;
  if (others.length === 0 && !first.includes('/'))
    return [await client.get(pods, { namespace, name: pathSegment('resource name', first) })];
  const labelSelector = await selectorOf(context, words);
  if (labelSelector !== undefined) return await listAll(client, pods, { namespace, labelSelector });
  const { name } = await parseOne(client, words);
  return [await client.get(pods, { namespace, name })];
}

/** By which labels the named object selects its pods; undefined: it is a pod. */
export async function selectorOf(context: CommandContext, words: readonly string[]): Promise<string | undefined> {
  const client = await context.client();
  const { kind, name } = await parseOne(client, words);
  if (kind.kind === 'Pod' && kind.group === '') return undefined;
  const object = await client.get<KubernetesObject>(kind, { namespace: await context.oneNamespace(), name });
  const labelSelector = podSelector(object);
  if (labelSelector === undefined)
    throw new UserError(`error: cannot find the pods of ${kind.kind}: it has no selector`);
  return labelSelector;
}

/** What the object selects its pods by: a map, or a label selector. Undefined: by nothing. */
export function podSelector(object: KubernetesObject): string | undefined {
  const spec: unknown = 'spec' in object ? object.spec : undefined;
  const selector = isRecord(spec) ? spec.selector : undefined;
  if (!isRecord(selector) || Object.keys(selector).length === 0) return undefined;
  if (isRecord(selector.matchLabels) || Array.isArray(selector.matchExpressions)) return selectorText(selector);
  return Object.entries(selector)
    .map((pair) => pair.join('='))
    .join(',');
}

export const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** All containers of a pod, the ones that were added later too. */
export const containersOf = ({ spec }: Pod): Pick<Container, 'name' | 'tty' | 'stdin'>[] => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []),
  ...(spec?.ephemeralContainers ?? []),
];

/** The one that was named, the one that the pod says, or its first; which that is is told when there are several. */
export function chooseContainer(
  { errors }: CommandContext,
  pod: Stored<Pod>,
  { named, quiet = false }: { readonly named: string | undefined; readonly quiet?: boolean },
): Pick<Container, 'name' | 'tty' | 'stdin'> {
  const wanted = named ?? pod.metadata.annotations?.[defaultContainerAnnotation];
  const all = containersOf(pod);
  const found = all.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name).join(', ');
  if (named !== undefined)
    throw new UserError(`error: container ${named} not found in pod ${pod.metadata.name}. The pod has ${names}`);
  const [first] = pod.spec?.containers ?? [];
  if (first === undefined) throw new UserError(`error: pod ${pod.metadata.name} has no container`);
  if (all.length > 1 && !quiet) errors.write(`Defaulted container "${first.name}" out of: ${listed(pod)}\n`);
  return first;
}

const listed = ({ spec }: Pod): string =>
  [
    ...(spec?.containers ?? []).map(({ name }) => name),
    ...(spec?.ephemeralContainers ?? []).map(({ name }) => `${name} (ephem)`),
    ...(spec?.initContainers ?? []).map(({ name }) => `${name} (init)`),
  ].join(', ');
