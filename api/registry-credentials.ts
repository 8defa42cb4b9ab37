/**
 * Credentials for registries that the cluster has for some of its namespaces, besides what is in the namespaces: Secrets
 * of `kube-system` with a label, and in an annotation which namespaces they are for. Nobody copies them. Pure.
 */

import { isRecord } from './json-record.ts';

export const registryCredentialsNamespace = 'kube-system';
/** With the value `true`. */
export const registryCredentialsLabel = 'longshore.dev/registry-credentials';
/** A label selector of namespaces as `-l` takes it; empty: all of them. */
export const namespaceSelectorAnnotation = 'longshore.dev/namespace-selector';

/** What `pods/<name>/registrycredentials` answers: which Secrets the node of the pod may read for it. */
export interface RegistrySecretNames {
  readonly apiVersion: 'longshore.dev/v1';
  readonly kind: 'RegistryCredentials';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly secrets: readonly { readonly namespace: string; readonly name: string }[];
}

/** Of an answer; what is none has none. */
export function readRegistrySecretNames(answer: unknown): { readonly namespace: string; readonly name: string }[] {
  const secrets: unknown = isRecord(answer) ? answer.secrets : undefined;
  if (!Array.isArray(secrets)) return [];
  return secrets.flatMap((one: unknown) => {
    if (!isRecord(one) || typeof one.namespace !== 'string' || typeof one.name !== 'string') return [];
    return [{ namespace: one.namespace, name: one.name }];
  });
}

interface Labelled {
  readonly metadata?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Whether a Secret is meant to be one of these. */
export const hasRegistryCredentials = ({ metadata }: Labelled): boolean =>
  metadata?.namespace === registryCredentialsNamespace && metadata.labels?.[registryCredentialsLabel] === 'true';
