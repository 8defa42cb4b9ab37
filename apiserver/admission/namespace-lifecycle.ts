/** Nothing is made in a namespace that is missing or ending; the namespaces that everything hangs on stay. */

import { isSameResource } from '../../api/resource.ts';
import { localSubjectAccessReviews } from '../../api/resources/authorization.ts';
import { namespaces } from '../../api/resources/core.ts';
import { forbidden, notFound, StatusError } from '../../api/status-error.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

const protectedNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public'];

export const createNamespaceLifecycle = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',

  admit: [
    {
      handles: { operations: ['CREATE'] },
      async run(request) {
        const { namespace, kind } = request;
        // A question about a namespace may be asked before there is one.
        if (!namespace || isSameResource(localSubjectAccessReviews, kind)) return;
        const found = await objects.find(namespaces, { name: namespace });
        if (found === undefined) throw notFound(namespaces, namespace);
        if (found.metadata.deletionTimestamp !== undefined) throw ending(request, namespace);
      },
    },
  ],

  validate: [
    {
      handles: { operations: ['DELETE'], resource: namespaces },
      run({ name }) {
        if (protectedNamespaces.includes(name)) {
          throw forbidden(namespaces, name, 'this namespace may not be deleted');
        }
      },
    },
  ],
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
