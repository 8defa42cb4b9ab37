/** Secrets with credentials for registries that the cluster has for some namespaces: which ones those are. Pure. */

import { hasRegistryCredentials, namespaceSelectorAnnotation } from '../../../api/registry-credentials.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { Secret } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { compileRequirements, parseLabelSelector } from '../../validation/label-requirements.ts';

type SecretView = DeepReadonly<Secret>;

const types: readonly string[] = ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'];

/** Whether a Secret is for a namespace with these labels. One that says nothing, or nothing that can be read, is for none. */
export function isForNamespace(secret: SecretView, labels: Readonly<Record<string, string>>): boolean {
  if (!hasRegistryCredentials(secret) || !types.includes(secret.type ?? '')) return false;
  const selector = secret.metadata?.annotations?.[namespaceSelectorAnnotation];
  if (selector === undefined) return false;
  try {
    return compileRequirements(parseLabelSelector(selector))(labels);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return false; // stored before there was a rule for it
  }
}

export function validateRegistryCredentials(secret: SecretView, errors: FieldErrors): void {
  if (!hasRegistryCredentials(secret)) return;
  const path = FieldPath.of('metadata', 'annotations').key(namespaceSelectorAnnotation);
  const selector = secret.metadata?.annotations?.[namespaceSelectorAnnotation];
  if (!types.includes(secret.type ?? '')) errors.notSupported(FieldPath.of('type'), secret.type ?? '', types);
  if (selector === undefined) errors.required(path, 'must say which namespaces the credentials are for');
  else {
    try {
      parseLabelSelector(selector);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      errors.invalid(path, selector, error.message);
    }
  }
}
