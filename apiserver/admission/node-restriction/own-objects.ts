/** What a node may write of its own Node, and of the status of its pods and their claims. As upstream, and a little less. Pure. */

import { copyJson, equalJson } from '../../../api/json-record.ts';
import { forbiddenChanges } from '../../../api/node-labels.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

export function whyNotCreateNode(node: string, { metadata, spec }: Node): string | undefined {
  const quoted = JSON.stringify(node);
  // What a node reads hangs on its spec.
  if (spec?.configSource) return `node ${quoted} is not allowed to create pods with a non-nil configSource`;
  if (podCidrsOf(spec).length > 0) return `node ${quoted} is not allowed to set podCIDRs`;
  // It would be deleted with its owner, and be made again without what others put on it.
  if ((metadata?.ownerReferences ?? []).length > 0) return `node ${quoted} is not allowed to set ownerReferences`;
  const labels = forbiddenChanges(metadata?.labels ?? {}, {});
  return labels.length > 0
    ? `node ${quoted} is not allowed to set the following labels: ${labels.join(', ')}`
    : undefined;
}

export function whyNotUpdateNode(node: string, next: Node, previous: DeepReadonly<Node>): string | undefined {
  const quoted = JSON.stringify(node);
  // Old kubelets drop the field.
  if (next.spec?.configSource && !equalJson(next.spec.configSource, previous.spec?.configSource)) {
    return `node ${quoted} is not allowed to update configSource to a new non-nil configSource`;
  }
  if (!equalJson(next.spec?.taints ?? [], previous.spec?.taints ?? [])) {
    return `node ${quoted} is not allowed to modify taints`;
  }
  if (!equalJson(podCidrsOf(next.spec), podCidrsOf(previous.spec))) {
    return `node ${quoted} is not allowed to modify podCIDRs`;
  }
  if (!equalJson(next.metadata?.ownerReferences ?? [], previous.metadata?.ownerReferences ?? [])) {
    return `node ${quoted} is not allowed to modify ownerReferences`;
  }
  const labels = forbiddenChanges(next.metadata?.labels ?? {}, previous.metadata?.labels ?? {});
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined;
}

/** Beyond upstream: where pods' traffic goes follows from them, so a node that chose them could take others'. */
const podCidrsOf = (spec: DeepReadonly<Node>['spec']): string[] => {
  const all = [...(spec?.podCIDR ? [spec.podCIDR] : []), ...(spec?.podCIDRs ?? [])];
  return [...new Set(all)];
};

export function whyNotUpdatePodStatus(node: string, next: Pod, previous: DeepReadonly<Pod>): string | undefined {
  const quoted = JSON.stringify(node);
  if (previous.spec?.nodeName !== node) {
    return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
  }
  if (!equalJson(next.metadata?.labels ?? {}, previous.metadata?.labels ?? {})) {
    return `node ${quoted} cannot update labels through pod status`;
  }
  const { status } = next;
  if (!equalJson(status?.resourceClaimStatuses ?? [], previous.status?.resourceClaimStatuses ?? [])) {
    // Upstream's word.
    return `node ${quoted} cannot update resource claim statues`;
  }
  if (!equalJson(status?.extendedResourceClaimStatus, previous.status?.extendedResourceClaimStatus)) {
    return `node ${quoted} cannot update extended resource claim status`;
  }
  return undefined;
}

/** What a node learns when it has grown a volume. */
const resizeFields = ['capacity', 'conditions', 'allocatedResources', 'allocatedResourceStatuses'] as const;

export function whyNotUpdateClaimStatus(
  node: string,
  next: PersistentVolumeClaim,
  previous: DeepReadonly<PersistentVolumeClaim>,
): string | undefined {
  if (equalJson(withoutResize(next), withoutResize(previous))) return undefined;
  return `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`;
}

function withoutResize(claim: DeepReadonly<PersistentVolumeClaim>): unknown {
  const { metadata, status, ...rest } = copyJson(claim);
  const { resourceVersion: _version, managedFields: _managers, ...meta } = metadata ?? {};
  const others = Object.entries(status ?? {}).filter(([name]) => !resizeFields.some((field) => field === name));
  return { ...rest, metadata: meta, status: Object.fromEntries(others) };
}
