/** What every cluster has from its first moment: namespaces. Made again at each start if missing. */

import { namespaces } from '../../api/core/namespace.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { Registries } from './registries.ts';
import { internalWrite } from './write-request.ts';

const namespaceNames: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export async function ensureInitialObjects(registries: Registries): Promise<void> {
  for (const name of namespaceNames) await ensureObject(registries, namespaces, { metadata: { name } });
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
