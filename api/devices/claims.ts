/** What is agreed on device claims between those who write them. */

/** A claim with it stays until the controller of claims has taken its devices back. */
export const deleteProtection = 'resource.kubernetes.io/delete-protection';

/** The driver of the devices that kubelets themselves publish and hand out. */
export const kubeletDriver = 'docker.longshore.dev';
