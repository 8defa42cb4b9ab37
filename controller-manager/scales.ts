/** How many replicas any workload has and shall have, without knowing its kind: its `scale` subresource. */

import { isRecord } from '../api/json-record.ts';
import type { ObjectKey } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { notFound } from '../api/status-error.ts';
import type { Client } from '../client/client.ts';
import { objectPath } from '../client/resource-path.ts';

export interface Scale {
  /** Of the workload. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  /** How many there are. */
  readonly currentReplicas: number;
  /** Which pods are its replicas, as text; absent where the workload does not say. */
  readonly selector: string | undefined;
}

type Scalable = Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>;

/**
 * Throws NotFound for a workload that is not there, for one without the subresource, and for one of the whole cluster:
 * who may write in a namespace would count and scale by a controller's rights what lies outside of it.
 */
export async function readScale(client: Pick<Client, 'raw'>, resource: Scalable, key: ObjectKey): Promise<Scale> {
  if (!resource.namespaced) throw notFound(resource, key.name);
  const { text } = await client.raw('GET', objectPath(resource, key, 'scale'));
  return scaleOf(JSON.parse(text));
}

/** Throws a Conflict when the workload has changed since `scale` was read. */
export async function writeScale(
  client: Pick<Client, 'raw'>,
  resource: Scalable,
  key: ObjectKey,
  { uid, resourceVersion, replicas }: Pick<Scale, 'uid' | 'resourceVersion' | 'replicas'>,
): Promise<void> {
  const body = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { ...key, uid, resourceVersion },
    spec: { replicas },
  };
  await client.raw('PUT', objectPath(resource, key, 'scale'), { body });
}

const part = (value: unknown, name: string) => (isRecord(value) && isRecord(value[name]) ? value[name] : {});

/** Counts of 0 are left out on the wire. */
function scaleOf(answer: unknown): Scale {
  const { uid, resourceVersion } = part(answer, 'metadata');
  const { replicas } = part(answer, 'spec');
  const { replicas: currentReplicas, selector } = part(answer, 'status');
  return {
    uid: typeof uid === 'string' ? uid : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    replicas: typeof replicas === 'number' ? replicas : 0,
    currentReplicas: typeof currentReplicas === 'number' ? currentReplicas : 0,
    selector: typeof selector === 'string' ? selector : undefined,
  };
}
