/** The kind Namespace. */

import type { Namespace } from 'kubernetes-types/core/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';
import type { Strategy } from '../kind.ts';

/** The part of the server in a namespace's end: what is in it has to go first. */
const kubernetesFinalizer = 'kubernetes';
const nameLabel = 'kubernetes.io/metadata.name';

const strategy: Strategy<Namespace> = {
  setDefaults(namespace) {
    const { metadata } = namespace;
    if (metadata?.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
  },

  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    const isThere = finalizers.includes(kubernetesFinalizer);
    namespace.spec = { ...namespace.spec, finalizers: isThere ? finalizers : [...finalizers, kubernetesFinalizer] };
    Reflect.set(namespace, 'status', { phase: 'Active' });
  },

  /** Finalizers change only through `finalize`, the status only through `status`. */
  prepareForUpdate(next, previous, { subresource }) {
    if (subresource !== 'finalize') Reflect.set(next, 'spec', previous.spec);
    if (subresource !== 'status') Reflect.set(next, 'status', previous.status);
  },

  answersDeletedObject: true,
  twoStepDeletion: {
    markDeleted: (namespace) => Reflect.set(namespace, 'status', { ...namespace.status, phase: 'Terminating' }),
    isHeld: ({ spec }) => (spec?.finalizers ?? []).length > 0,
  },
};

export const namespaces = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'finalize', verbs: ['update'] }, statusSubresource],
  strategy,
});
