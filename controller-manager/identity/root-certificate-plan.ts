/** How a namespace gets the cluster's root certificate, and keeps it. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Cached } from '../../client/object-cache.ts';

export const rootCertificateName = 'kube-root-ca.crt';

const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
  'clusters.';

export type PublicationPlan =
  | { readonly type: 'nothing' }
  | { readonly type: 'create' | 'update'; readonly object: ConfigMap };

interface Publication {
  /** What is in the namespace. */
  readonly current: Cached<ConfigMap> | undefined;
  /** PEM. */
  readonly certificate: string;
}

/** What users added to the object's metadata stays; its data is the certificate and nothing else. */
export function planPublication(namespace: string, { current, certificate }: Publication): PublicationPlan {
  const data = { 'ca.crt': certificate };
  const metadata = { namespace, name: rootCertificateName, annotations: { [descriptionAnnotation]: description } };
  if (current === undefined) return { type: 'create', object: { metadata, data } };
  const { annotations = {} } = current.metadata;
  if (isDeepStrictEqual(current.data, data) && annotations[descriptionAnnotation]) return { type: 'nothing' };
  const described = { ...current.metadata, annotations: { ...annotations, ...metadata.annotations } };
  return { type: 'update', object: changedCopy<ConfigMap>(current, { metadata: described, data }) };
}
