/** Well-known labels and annotations that more than one component reads. */

/** On an EndpointSlice: the Service that it belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';
