/** Deployments and ReplicaSets for tests, with only what a test is about written out. */

import type { Stored } from '../../../../api/object.ts';
import { deployments, replicaSets } from '../../../../api/resources/apps.ts';
import type { Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet } from '../../../../api/types/apps/v1.ts';
import type { PodTemplateSpec } from '../../../../api/types/core/v1.ts';
import { storedObject } from '../../../../client/testing/stored-object.ts';
import { desiredReplicasAnnotation, maxReplicasAnnotation, revisionAnnotation } from '../set-history.ts';

export const templateOf = (image: string): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image }] },
});

export interface DeploymentPicture extends Omit<Partial<DeploymentSpec>, 'template' | 'selector'> {
  readonly image?: string;
  readonly annotations?: Record<string, string>;
  readonly status?: DeploymentStatus;
  readonly generation?: number;
}

/** `web`, rolling, 25 % beyond and 25 % missing. */
export function pictureDeployment(picture: DeploymentPicture = {}): Stored<Deployment> {
  const { image = 'app:1', annotations, status, generation = 1, ...spec } = picture;
  return storedObject(deployments, {
    metadata: { name: 'web', generation, ...(annotations && { annotations }) },
    spec: {
      replicas: 4,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      selector: { matchLabels: { app: 'web' } },
      template: templateOf(image),
      progressDeadlineSeconds: 600,
      ...spec,
    },
    ...(status && { status }),
  });
}

export interface SetPicture {
  readonly image?: string;
  readonly size?: number;
  readonly available?: number;
  readonly desired?: number;
  readonly max?: number;
  readonly revision?: number | string;
  /** Seconds after the start. */
  readonly madeAt?: number;
  readonly annotations?: Record<string, string>;
  readonly status?: Partial<ReplicaSet['status'] & object>;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
}

export function pictureSet(name: string, picture: SetPicture = {}): Stored<ReplicaSet> {
  const { image = name, size = 0, available = size, desired, max, revision, madeAt = 0, status, generation } = picture;
  const annotations = {
    ...(desired !== undefined && { [desiredReplicasAnnotation]: String(desired) }),
    ...(max !== undefined && { [maxReplicasAnnotation]: String(max) }),
    ...(revision !== undefined && { [revisionAnnotation]: String(revision) }),
    ...picture.annotations,
  };
  return storedObject(replicaSets, {
    metadata: {
      name,
      annotations,
      creationTimestamp: new Date(Date.UTC(2030, 0, 1, 0, 0, madeAt)).toISOString().replace('.000', ''),
      ...(generation !== undefined && { generation }),
      ...(picture.deletionTimestamp !== undefined && { deletionTimestamp: picture.deletionTimestamp }),
    },
    spec: { replicas: size, selector: { matchLabels: { app: 'web' } }, template: templateOf(image) },
    status: {
      replicas: size,
      readyReplicas: available,
      availableReplicas: available,
      terminatingReplicas: 0,
      ...status,
    },
  });
}
