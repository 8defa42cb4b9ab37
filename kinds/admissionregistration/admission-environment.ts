/** What expressions of webhooks and admission policies may use. */

import type { Environment } from '../../machinery/cel/environment.ts';
import { makeEnvironment } from '../../machinery/cel/make-environment.ts';
import {
  boolType,
  type CelType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  objectOf,
  opaqueType,
  stringType,
  timestampType,
} from '../../machinery/cel/types/cel-type.ts';

const kindType = objectOf('kubernetes.GroupVersionKind', { group: stringType, version: stringType, kind: stringType });
const resourceType = objectOf('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
});
export const userType = objectOf('kubernetes.UserInfo', {
  username: stringType,
  uid: stringType,
  groups: listOf(stringType),
  extra: mapOf(stringType, listOf(stringType)),
});
const requestType = objectOf('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: userType,
  dryRun: boolType,
  options: dynType,
});
const namespaceType = objectOf('kubernetes.Namespace', {
  metadata: objectOf('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: listOf(stringType),
  }),
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: listOf(stringType) }),
  status: objectOf('kubernetes.NamespaceStatus', { phase: stringType }),
});

const variables: Readonly<Record<string, CelType>> = {
  object: dynType,
  oldObject: dynType,
  request: requestType,
  namespaceObject: namespaceType,
};
const authorizers: Readonly<Record<string, CelType>> = {
  authorizer: opaqueType('kubernetes.authorization.Authorizer'),
  'authorizer.requestResource': opaqueType('kubernetes.authorization.ResourceCheck'),
};

export interface AdmissionEnvironmentOptions {
  /** Default: true. */
  readonly hasAuthorizer?: boolean;
  readonly hasParams?: boolean;
  /** Whether it may make parts of objects and JSON patches. */
  readonly isMutating?: boolean;
}

const known = new Map<string, Environment>();

/** Of each sort there is one. */
export function admissionEnvironment({
  hasAuthorizer = true,
  hasParams = false,
  isMutating = false,
}: AdmissionEnvironmentOptions = {}): Environment {
  const key = JSON.stringify([hasAuthorizer, hasParams, isMutating]);
  let environment = known.get(key);
  if (environment === undefined) {
    environment = makeEnvironment({
      variables: { ...variables, ...(hasAuthorizer && authorizers), ...(hasParams && { params: dynType }) },
      libraries: ['authorizer', ...(isMutating ? (['mutation'] as const) : [])],
    });
    known.set(key, environment);
  }
  return environment;
}

/** The type of `variables`, as far as a policy has declared them. */
export const policyVariablesType = (types: ReadonlyMap<string, CelType>): ObjectType => ({
  kind: 'object',
  name: 'kubernetes.variables',
  fields: new Map([...types].map(([name, type]) => [name, { type }])),
});
