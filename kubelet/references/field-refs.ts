/** Values that a pod reads from itself: `metadata.name`, `status.podIP`, `limits.cpu`. Pure. */

import { goQuote } from '../../api/go-text.ts';
import { podLevelLimit } from '../../api/pod-amounts.ts';
import { readQuantity } from '../../api/quantity.ts';
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type ContainerSpec, containerOf, type PodObject } from '../model/pod.ts';

/** What a field means that the pod's object does not know yet, and what "no limit" amounts to. */
export interface FieldContext {
  readonly nodeIp: string;
  /** Undefined: the pod has no address yet. */
  readonly podIp: string | undefined;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Whether the field can be read only when the sandbox runs. */
export const needsPodIp = (fieldPath: string | undefined): boolean =>
  fieldPath === 'status.podIP' || fieldPath === 'status.podIPs';

/** Throws an Error for a path that is none. */
export function readField(
  pod: PodObject,
  { fieldPath }: DeepReadonly<ObjectFieldSelector>,
  context: FieldContext,
): string {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? metadata.labels : metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return formatMap(metadata.labels ?? {});
    case 'metadata.annotations':
      return formatMap(metadata.annotations ?? {});
    case 'spec.nodeName':
      return spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return context.nodeIp;
    case 'status.podIP':
    case 'status.podIPs':
      return context.podIp ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** As files of the downward API have it: a line for each, sorted, values quoted as Go quotes them. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${goQuote(map[key] ?? '')}`)
    .join('\n');
}

export function readResourceField(
  pod: PodObject,
  own: ContainerSpec | undefined,
  { containerName, resource, divisor }: DeepReadonly<ResourceFieldSelector>,
  context: FieldContext,
): string {
  const container = containerName ? containerOf(pod, containerName)?.spec : own;
  if (container === undefined) throw new Error(`container ${containerName ?? ''} not found`);
  const [list, name = ''] = splitOnce(resource);
  const { limits, requests } = container.resources ?? {};
  const text = list === 'limits' ? limitOf(name, limits?.[name], pod, context) : requests?.[name];
  const amount = readQuantity(String(text ?? '0')).nanos;
  const unit = readQuantity(isZero(divisor) ? '1' : String(divisor)).nanos;
  return String((amount + unit - 1n) / unit);
}

/** Huge pages are never there unless they are asked for. */
const limitedByNode: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];

/** Without a limit, that of the pod as a whole is the limit, or else the node. */
function limitOf(
  name: string,
  limit: string | undefined,
  { spec }: PodObject,
  { allocatable }: FieldContext,
): string | undefined {
  if (limit !== undefined && readQuantity(String(limit)).nanos !== 0n) return limit;
  if (!limitedByNode.includes(name)) return limit;
  return (spec && podLevelLimit(spec, name)) ?? allocatable[name] ?? limit;
}

const isZero = (divisor: unknown): boolean => divisor === undefined || divisor === '' || String(divisor) === '0';

function splitOnce(text: string): [string, string?] {
  const at = text.indexOf('.');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
