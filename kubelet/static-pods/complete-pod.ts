/** What makes the pod of a manifest one of this node, as upstream's kubelet does. Pure. */

import {
  configHashAnnotation,
  configSeenAnnotation,
  configSourceAnnotation,
  mirrorAnnotation,
} from '../../api/labels.ts';
import type { Pod, Toleration } from '../../api/types/core/v1.ts';
import type { PodObject } from '../model/pod.ts';

export type ManifestKind = 'file' | 'http';

export interface ManifestPlace {
  readonly kind: ManifestKind;
  /** The path of the file, or the URL. */
  readonly name: string;
  readonly nodeName: string;
}

/** They stay when the node is in trouble. */
const noExecute: Toleration = { operator: 'Exists', effect: 'NoExecute' };

/** In place. `uidOf` makes a uid of a text. */
export function completePod(pod: Pod, { kind, name, nodeName }: ManifestPlace, uidOf: (place: string) => string): void {
  const { metadata = {} } = pod;
  const { [mirrorAnnotation]: _, ...annotations } = metadata.annotations ?? {};
  const uid = metadata.uid || uidOf(kind === 'file' ? `host:${nodeName}file:${name}` : `url:${name}`);
  pod.metadata = {
    name: `${metadata.name ?? ''}-${nodeName.toLowerCase()}`,
    namespace: metadata.namespace || 'default',
    uid,
    ...(metadata.labels && { labels: metadata.labels }),
    annotations: { ...annotations, [configHashAnnotation]: uid, [configSourceAnnotation]: kind },
  };
  const spec = { ...(pod.spec ?? { containers: [] }), nodeName };
  if (kind === 'file') spec.tolerations = withToleration(spec.tolerations ?? []);
  pod.spec = spec;
}

function withToleration(tolerations: readonly Toleration[]): Toleration[] {
  const isThere = tolerations.some(
    ({ key = '', operator, effect }) => key === '' && operator === noExecute.operator && effect === noExecute.effect,
  );
  return isThere ? [...tolerations] : [...tolerations, noExecute];
}

/** As pods of the API are seen. `seen`: RFC 3339. */
export function podObjectOf({ metadata, spec }: Pod, seen: string): PodObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: metadata?.name ?? '',
      uid: metadata?.uid ?? '',
      resourceVersion: '',
      creationTimestamp: '',
      annotations: { ...metadata?.annotations, [configSeenAnnotation]: seen },
    },
    ...(spec && { spec }),
  };
}
