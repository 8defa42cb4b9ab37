/** The deletion of a CustomResourceDefinition in two steps: marked first, and gone when its objects are. */

import { customResourceCleanup } from '../../api/finalizers.ts';
import { nilTime } from '../../api/time.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { DeleteStrategy } from '../kind.ts';

const terminating = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionPending',
  message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
};

export const definitionDeletion: NonNullable<DeleteStrategy<CustomResourceDefinition>['twoStepDeletion']> = {
  markDeleted(object) {
    const { metadata = {}, status } = object;
    const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== customResourceCleanup);
    const lastTransitionTime = metadata.deletionTimestamp ?? nilTime;
    const others = (status?.conditions ?? []).filter(({ type }) => type !== terminating.type);
    object.metadata = { ...metadata, finalizers: [...finalizers, customResourceCleanup] };
    object.status = { ...status, conditions: [...others, { ...terminating, lastTransitionTime }] };
  },
  /** Finalizers hold it, its own among them. */
  isHeld: () => false,
};
