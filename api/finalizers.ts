/** Well-known finalizers: who holds an object back, and until when. */

/** A volume, until no claim is bound to it. */
export const volumeProtection = 'kubernetes.io/pv-protection';
/** A claim, until no pod uses it. */
export const claimProtection = 'kubernetes.io/pvc-protection';
/** A class of volume attributes, until no claim and no volume names it. */
export const attributesClassProtection = 'kubernetes.io/vac-protection';
/** A namespace's own, in its spec: until everything in it is gone. */
export const namespaceFinalizer = 'kubernetes';
/** Deleted in the foreground: until its dependents are gone. */
export const foregroundFinalizer = 'foregroundDeletion';
/** Deleted without its dependents: until they have forgotten it. */
export const orphanFinalizer = 'orphan';
/** A CustomResourceDefinition, once its deletion was asked for: until its objects are gone. */
export const customResourceCleanup = 'customresourcecleanup.apiextensions.k8s.io';
