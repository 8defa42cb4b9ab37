/**
 * Which objects of its namespace a pod refers to, as upstream counts them: what the node that runs it may read. What lies
 * behind a claim (a volume, and its secrets) is the volume's to say: `api/volume-references.ts`. Pure.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Container, Pod, PodSpec, Volume } from './types/core/v1.ts';

type PodView = DeepReadonly<Pod>;
type VolumeView = DeepReadonly<Volume>;

/** Each may come more than once; none is empty. */
export function secretNamesOf({ spec }: PodView): string[] {
  return named([
    ...(spec?.imagePullSecrets ?? []).map(({ name }) => name),
    ...sourcesOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ]),
    ...(spec?.volumes ?? []).flatMap(secretsOfVolume),
  ]);
}

function secretsOfVolume(volume: VolumeView): (string | undefined)[] {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, projected, rbd, scaleIO, secret, storageos } = volume;
  return [
    azureFile?.secretName,
    ...[cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef?.name),
    csi?.nodePublishSecretRef?.name,
    secret?.secretName,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
  ];
}

/** Each may come more than once; none is empty. */
export function configMapNamesOf({ spec }: PodView): string[] {
  return named([
    ...sourcesOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ]),
    ...(spec?.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ]);
}

/** Also those that are made for its ephemeral volumes. */
export function claimNamesOf(pod: PodView): string[] {
  return named((pod.spec?.volumes ?? []).map((volume) => claimNameOf(pod, volume)));
}

export function claimNameOf({ metadata }: PodView, volume: VolumeView): string | undefined {
  const { name, persistentVolumeClaim, ephemeral } = volume;
  return persistentVolumeClaim?.claimName ?? (ephemeral ? `${metadata?.name ?? ''}-${name}` : undefined);
}

/** Those of a template are named in the status once they are made. */
export function resourceClaimNamesOf({ spec, status }: PodView): string[] {
  const made = new Map((status?.resourceClaimStatuses ?? []).map((one) => [one.name, one.resourceClaimName]));
  return named([
    ...(spec?.resourceClaims ?? []).map(({ name, resourceClaimName }) => resourceClaimName ?? made.get(name)),
    status?.extendedResourceClaimStatus?.resourceClaimName,
  ]);
}

type Sources = DeepReadonly<Pick<Container, 'env' | 'envFrom'>>;

function sourcesOf(spec: DeepReadonly<PodSpec> | undefined): readonly Sources[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
}

const named = (names: readonly (string | undefined)[]): string[] =>
  names.filter((name): name is string => name !== undefined && name !== '');
