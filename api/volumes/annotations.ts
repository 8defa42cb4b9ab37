/** By which annotations the binder, the scheduler and provisioners tell each other of claims and volumes. */

/** On a claim: it was bound once. If it is so no more, it is Lost and is not bound to another volume. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** On a claim or a volume: the other one was chosen by a controller or the scheduler, not by a user. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** On a volume: who made it, and will remove it. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** On a volume: another driver has taken it over. */
export const migratedTo = 'pv.kubernetes.io/migrated-to';
/** On a claim: who is to make a volume for it. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const oldStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
/** On a claim: the node that the scheduler has chosen for the pod that waits for it. */
export const selectedNode = 'volume.kubernetes.io/selected-node';

/** The value of those that only mark. */
export const marked = 'yes';
