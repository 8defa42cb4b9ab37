/**
 * Volumes of folders on nodes, which Longshore makes and removes itself: how the provisioner and the kubelets name them.
 * Pure.
 */

/** In a StorageClass: volumes are folders on the node that the scheduler chooses. */
export const localProvisioner = 'longshore.dev/local';
/** On a Node: the folder below which its kubelet makes such volumes. */
export const localVolumesAnnotation = 'longshore.dev/local-volumes';
/** Where a kubelet's server takes orders for them, by PUT and DELETE: `/localVolumes/<name>`. */
export const localVolumesPath = 'localVolumes' as const;

/** What provisioned volumes are called, and so their folders: one name, without a way out of the folder that they are in. */
const volumeName = /^pvc-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const localVolumeNameOf = (claimUid: string): string => `pvc-${claimUid}`;
export const isLocalVolumeName = (text: string): boolean => volumeName.test(text);
/** On such a PersistentVolume: until its folder is gone. */
export const localVolumeFinalizer = 'longshore.dev/local-volume';
