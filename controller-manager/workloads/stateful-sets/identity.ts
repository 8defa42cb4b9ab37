/**
 * Who is who in a StatefulSet: ordinals, the pods and claims that belong to them, and what of a pod says so. Pure.
 *
 * Pod `web-2` of the set `web` has the ordinal 2, the host name `web-2` in the domain of the set's Service, and for the
 * claim template `data` the claim `data-web-2`.
 */

import { asksToMove, moveWhenCutOffAnnotation } from '../../../api/cut-off.ts';
import type { StatefulSet } from '../../../api/types/apps/v1.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  PodTemplateSpec,
  Volume,
} from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { podFromTemplate } from '../pod-from-template.ts';

type CachedSet = Cached<StatefulSet>;

export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
export const podIndexLabel = 'apps.kubernetes.io/pod-index';
export const revisionLabel = 'controller-revision-hash';

const largestOrdinal = 2 ** 31 - 1;

export const startOrdinal = ({ spec }: CachedSet): number => spec?.ordinals?.start ?? 0;

export const podName = ({ metadata }: CachedSet, ordinal: number): string => `${metadata.name}-${ordinal}`;

/** The ordinal of a pod that has the name of one of the set's; undefined for any other. */
export function ordinalOf(
  { metadata }: CachedSet,
  pod: { readonly metadata: { readonly name: string } },
): number | undefined {
  const prefix = `${metadata.name}-`;
  const text = pod.metadata.name.slice(prefix.length);
  if (!pod.metadata.name.startsWith(prefix) || !/^\d+$/.test(text)) return undefined;
  const ordinal = Number(text);
  return ordinal <= largestOrdinal ? ordinal : undefined;
}

export function isInRange(set: CachedSet, ordinal: number): boolean {
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + (set.spec?.replicas ?? 1);
}

/** The pod as it is made: of the template of its revision, with the identity of its ordinal. */
export function computePod(
  set: CachedSet,
  { ordinal, template, revision }: { ordinal: number; template: DeepReadonly<PodTemplateSpec>; revision: string },
): Pod & { metadata: NonNullable<Pod['metadata']> } {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(set, template, { name, generateName: `${set.metadata.name}-` });
  if (asksToMove(set.metadata.annotations)) {
    pod.metadata.annotations = { ...pod.metadata.annotations, [moveWhenCutOffAnnotation]: 'true' };
  }
  pod.metadata.labels = { ...pod.metadata.labels, ...identityLabels(set, ordinal), [revisionLabel]: revision };
  const { spec } = pod;
  if (spec === undefined) return pod;
  const subdomain = set.spec?.serviceName;
  const volumes = computeVolumes(set, ordinal, spec.volumes);
  pod.spec = {
    ...spec,
    hostname: name,
    ...(subdomain ? { subdomain } : {}),
    ...(volumes.length > 0 && { volumes }),
  };
  return pod;
}

const identityLabels = (set: CachedSet, ordinal: number): Record<string, string> => ({
  [podNameLabel]: podName(set, ordinal),
  [podIndexLabel]: String(ordinal),
});

/** Each claim template is a volume of its own name, before those of the template that have another one. */
function computeVolumes(set: CachedSet, ordinal: number, others: readonly Volume[] = []): Volume[] {
  const claimed = claimTemplates(set).map((template) => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal), readOnly: false },
  }));
  const names = new Map(claimed.map((volume) => [volume.name, volume]));
  return [...claimed, ...others.filter(({ name }) => !names.has(name))];
}

export const claimTemplates = ({ spec }: CachedSet): readonly DeepReadonly<PersistentVolumeClaim>[] =>
  spec?.volumeClaimTemplates ?? [];

export const claimName = (set: CachedSet, template: DeepReadonly<PersistentVolumeClaim>, ordinal: number): string =>
  `${template.metadata?.name ?? ''}-${podName(set, ordinal)}`;

export type NamedClaim = PersistentVolumeClaim & { metadata: { name: string } };

/** The claims of one ordinal as they are made. The set's selector is among their labels. */
export function computeClaims(set: CachedSet, ordinal: number): NamedClaim[] {
  return claimTemplates(set).map((template) => {
    const { labels, annotations, finalizers } = template.metadata ?? {};
    const { namespace } = set.metadata;
    // A copy: what is in the cache is shared.
    const spec: PersistentVolumeClaimSpec = JSON.parse(JSON.stringify(template.spec ?? {}));
    return {
      metadata: {
        ...(namespace !== undefined && { namespace }),
        name: claimName(set, template, ordinal),
        labels: { ...labels, ...set.spec?.selector?.matchLabels },
        ...(annotations && { annotations: { ...annotations } }),
        ...(finalizers && { finalizers: [...finalizers] }),
      },
      spec,
    };
  });
}

/** What a running pod lacks of its identity, as a merge patch of labels; undefined when it has all. */
export function computeLostLabels(
  set: CachedSet,
  ordinal: number,
  pod: Cached<Pod>,
): Record<string, string> | undefined {
  const wanted = identityLabels(set, ordinal);
  // An index is only put where the name has to be put, too: pods of older versions have none.
  return pod.metadata.labels?.[podNameLabel] === wanted[podNameLabel] ? undefined : wanted;
}
