/** What every cluster has from its first moment: namespaces and the system's priorities. Made again at start if missing. */

import { namespaces } from '../../api/core/namespace.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { priorityClasses } from '../../api/scheduling/priority-class.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { Registries } from './registries.ts';
import { internalWrite } from './write-request.ts';

const namespaceNames: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const systemPriorities = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

export async function ensureInitialObjects(registries: Registries): Promise<void> {
  for (const name of namespaceNames) await ensureObject(registries, namespaces, { metadata: { name } });
  for (const { name, value, description } of systemPriorities) {
    await ensureObject(registries, priorityClasses, { metadata: { name }, value, description });
  }
}

async function ensureObject<T extends KubernetesObject>(
  registries: Registries,
  kind: Kind<T>,
  object: T,
): Promise<void> {
  try {
    await registries.of(kind).create(object, internalWrite);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
