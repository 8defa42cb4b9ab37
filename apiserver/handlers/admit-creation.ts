/** Admission of what is posted and never stored: a token request, a review, an eviction, a binding. As upstream: CREATE. */

import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionChain, AdmissionRequest } from '../registry/admission.ts';
import type { Target } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';

export interface Creation {
  /** The resource that it is posted to. */
  readonly target: Pick<Target, 'kind' | 'namespace' | 'name'>;
  /** The part of it. */
  readonly subresource: string | undefined;
  /** What was posted; plugins may change it. */
  readonly object: KubernetesObject;
  readonly dryRun: boolean;
}

/** Throws what a plugin refuses. */
export async function admitCreation(admission: AdmissionChain, request: ApiRequest, posted: Creation): Promise<void> {
  const { target, subresource, object, dryRun } = posted;
  const creation: AdmissionRequest = {
    operation: 'CREATE',
    kind: target.kind,
    subresource,
    namespace: target.namespace,
    name: target.name,
    object,
    previous: undefined,
    user: request.user,
    dryRun,
    operationOptions: () => ({}),
    signal: () => request.signal,
    warn: (text) => request.warn(text),
    annotate: (key, value) => request.annotate(key, value),
  };
  await admission.admit(creation);
  await admission.validate(creation);
}
