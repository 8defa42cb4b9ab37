/** Nothing is made in a namespace that is missing or ending; the namespaces that everything hangs on stay. */

import { namespaces } from '../../api/core/namespace.ts';
import { forbidden, isNotFound, notFound, StatusError } from '../../api/status-error.ts';
import type { Registries } from '../registry/registries.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

const immortal: readonly string[] = ['default', 'kube-system', 'kube-public'];

export function createNamespaceLifecycle(registries: () => Registries): AdmissionPlugin {
  async function admit(request: AdmissionRequest): Promise<void> {
    const { operation, namespace, kind } = request;
    if (operation !== 'CREATE' || !namespace || kind.plural === 'namespaces') return;
    const registry = registries().of(namespaces);
    const cached = registry.cache.get(registry.storeKey({ name: namespace }));
    // The cache may be late: only the store says that a namespace is not there.
    const found =
      cached?.object ??
      (await registry.read({ name: namespace }).catch((error: unknown) => {
        if (isNotFound(error)) throw notFound(namespaces, namespace);
        throw error;
      }));
    const { deletionTimestamp } = found.metadata;
    if (deletionTimestamp !== undefined && kind.plural !== 'localsubjectaccessreviews')
      throw ending(request, namespace);
  }
  return {
    name: 'NamespaceLifecycle',
    admit,
    validate({ operation, kind, name }) {
      if (operation === 'DELETE' && kind.plural === 'namespaces' && immortal.includes(name)) {
        throw forbidden(namespaces, name, 'this namespace may not be deleted');
      }
    },
  };
}

function ending({ kind, name }: AdmissionRequest, namespace: string): StatusError {
  const base = forbidden(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const { details } = base.status;
  return new StatusError(403, 'Forbidden', base.message, {
    ...details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}
