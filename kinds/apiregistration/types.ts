/** The types of apiregistration.k8s.io/v1, which the package of types does not have. */

import type { KubernetesObject } from '../../api/object.ts';

export interface ApiService extends KubernetesObject {
  spec?: ApiServiceSpec;
  status?: ApiServiceStatus;
}

export interface ApiServiceSpec {
  /** Absent: the API server itself serves the version. */
  service?: { namespace?: string; name?: string; port?: number };
  group?: string;
  version?: string;
  insecureSkipTLSVerify?: boolean;
  /** Base64. */
  caBundle?: string;
  groupPriorityMinimum?: number;
  versionPriority?: number;
}

export interface ApiServiceStatus {
  conditions?: ApiServiceCondition[];
}

export interface ApiServiceCondition {
  type?: string;
  status?: string;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
}
