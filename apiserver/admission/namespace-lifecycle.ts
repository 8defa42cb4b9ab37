/** Nothing is made in a namespace that is missing or ending; the namespaces that everything hangs on stay. */

import { namespaces } from '../../api/resources/core.ts';
import { forbidden, notFound, StatusError } from '../../api/status-error.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../registry/admission.ts';
import { findObject } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';

const immortal: readonly string[] = ['default', 'kube-system', 'kube-public'];

export const createNamespaceLifecycle = (registries: () => Registries): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',

  async admit(request) {
    const { operation, namespace, kind } = request;
    if (operation !== 'CREATE' || !namespace || kind.plural === 'namespaces') return;
    const found = await findObject(registries(), namespaces, { name: namespace });
    if (found === undefined) throw notFound(namespaces, namespace);
    if (found.metadata.deletionTimestamp !== undefined) throw ending(request, namespace);
  },

  validate({ operation, kind, name }) {
    if (operation === 'DELETE' && kind.plural === 'namespaces' && immortal.includes(name)) {
      throw forbidden(namespaces, name, 'this namespace may not be deleted');
    }
  },
});

function ending({ kind, name }: AdmissionRequest, namespace: string): StatusError {
  const refusal = forbidden(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  return new StatusError(403, 'Forbidden', refusal.message, {
    ...refusal.status.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}
