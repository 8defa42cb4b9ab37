/**
 * Which Secrets a pod may use: those that its account lists, where the account has the annotation
 * `kubernetes.io/enforce-mountable-secrets`; a mirror pod none at all. Pure; the answers are upstream's words.
 */

import { secretNamesOf } from '../../api/pod-references.ts';
import type { Container, EphemeralContainer, Pod, PodSpec, ServiceAccount } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type Account = DeepReadonly<ServiceAccount>;

const enforcingAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/** Go's: what a flag is true with. */
const trueTexts = ['1', 't', 'T', 'TRUE', 'true', 'True'];

export const limitsSecrets = ({ metadata }: Account): boolean =>
  trueTexts.includes(metadata?.annotations?.[enforcingAnnotation] ?? '');

/** Why a pod of this account is refused; undefined: it is not. */
export function whySecretsRefused(spec: PodSpec, account: Account): string | undefined {
  const { name, mountable } = allowedBy(account);
  for (const { secret } of spec.volumes ?? []) {
    if (secret && !mountable.has(secret.secretName ?? '')) {
      return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
    }
  }
  return (
    whyContainersRefused('init container', spec.initContainers, account) ??
    whyContainersRefused('container', spec.containers, account) ??
    whyPullSecretsRefused(spec, account)
  );
}

export function whyEphemeralContainersRefused(spec: PodSpec, account: Account): string | undefined {
  return whyContainersRefused('ephemeral container', spec.ephemeralContainers, account);
}

function allowedBy({ metadata, secrets = [] }: Account) {
  return { name: metadata?.name ?? '', mountable: new Set(secrets.map((secret) => secret.name ?? '')) };
}

function whyContainersRefused(
  what: string,
  containers: readonly (Container | EphemeralContainer)[] = [],
  account: Account,
): string | undefined {
  const { name, mountable } = allowedBy(account);
  const refuse = (how: string, secret: string) =>
    `${how} referencing secret.secretName="${secret}" is not allowed because service account ${name} does not reference that secret`;
  for (const container of containers) {
    for (const { name: variable, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef && (valueFrom.secretKeyRef.name ?? '');
      if (secret !== undefined && !mountable.has(secret))
        return refuse(`${what} ${container.name} with envVar ${variable}`, secret);
    }
    for (const { secretRef } of container.envFrom ?? []) {
      const secret = secretRef && (secretRef.name ?? '');
      if (secret !== undefined && !mountable.has(secret))
        return refuse(`${what} ${container.name} with envFrom`, secret);
    }
  }
  return undefined;
}

function whyPullSecretsRefused({ imagePullSecrets = [] }: PodSpec, account: Account): string | undefined {
  const allowed = new Set((account.imagePullSecrets ?? []).map(({ name }) => name ?? ''));
  const at = imagePullSecrets.findIndex(({ name = '' }) => !allowed.has(name));
  if (at < 0) return undefined;
  const secret = imagePullSecrets[at]?.name ?? '';
  return `imagePullSecrets[${at}].name="${secret}" is not allowed because service account ${account.metadata?.name} does not reference that imagePullSecret`;
}

/** A mirror pod shows what runs whether the API likes it or not: it may not be a way to anything that the API guards. */
export function whyMirrorRefused(pod: Pod): string | undefined {
  if (pod.spec?.serviceAccountName) return 'a mirror pod may not reference service accounts';
  if (secretNamesOf(pod).length > 0) return 'a mirror pod may not reference secrets';
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some((source) => source.serviceAccountToken))
    return 'a mirror pod may not use ServiceAccountToken volume projections';
  if (sources.some((source) => source.clusterTrustBundle))
    return 'a mirror pod may not use ClusterTrustBundle volume projections';
  if (sources.some((source) => source.podCertificate))
    return 'a mirror pod may not use PodCertificate volume projections';
  return undefined;
}
