/**
 * Well-known labels, annotations and taints that more than one component reads or writes. One that only one part knows
 * stands in that part.
 */

// On nodes.
export const hostnameLabel = 'kubernetes.io/hostname';
export const regionLabel = 'topology.kubernetes.io/region';
export const zoneLabel = 'topology.kubernetes.io/zone';

/** The node is not Ready. */
export const notReadyTaint = 'node.kubernetes.io/not-ready';
/** Nothing was heard of the node for long. */
export const unreachableTaint = 'node.kubernetes.io/unreachable';
/** The node is cordoned. */
export const unschedulableTaint = 'node.kubernetes.io/unschedulable';
/** An administrator says that the node is off, and its pods with it. */
export const outOfServiceTaint = 'node.kubernetes.io/out-of-service';
/** What is attached to the node is the business of the controller manager, and not of the kubelet. */
export const managedAttachAnnotation = 'volumes.kubernetes.io/controller-managed-attach-detach';

// On pods.
/** What a kubelet made of a file of its own: the pod runs whatever becomes of the object. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** Where a kubelet has a pod from: `api`, `file`, `http`. In the API only on mirror pods. */
export const configSourceAnnotation = 'kubernetes.io/config.source';
/** When a kubelet has met a pod. */
export const configSeenAnnotation = 'kubernetes.io/config.seen';
/** Of what a pod was made that a kubelet runs by itself: its uid. */
export const configHashAnnotation = 'kubernetes.io/config.hash';

/** Names of volumes, by commas: while one is empty, it is filled with what the image has where it is mounted. */
export const fillVolumesAnnotation = 'longshore.dev/fill-volumes-from-image';

// On endpoints.
/** On an EndpointSlice: the Service that it belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/** On Endpoints: nobody makes EndpointSlices of them. */
export const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror';

// On storage and ingresses.
export const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';
export const defaultStorageClassAnnotation = 'storageclass.kubernetes.io/is-default-class';
/** Still believed. */
export const oldDefaultStorageClassAnnotation = 'storageclass.beta.kubernetes.io/is-default-class';
export const ingressClassAnnotation = 'kubernetes.io/ingress.class';
export const defaultIngressClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

// On any object.
/** Where `kubectl apply` without `--server-side` keeps what it applied last. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** On a bookmark: all that was there when the watch began has been sent. */
export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';
