/** One of each workload, and what a user does with them: what the controllers and the scheduler work on while they are interrupted. */

import { tmpdir } from 'node:os';
import { daemonSets, deployments, replicaSets, statefulSets } from '../../api/resources/apps.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { cronJobs, jobs } from '../../api/resources/batch.ts';
import {
  configMaps,
  namespaces,
  persistentVolumes,
  pods,
  replicationControllers,
  services,
} from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import { isNotFound, StatusError } from '../../api/status-error.ts';
import type { StatefulSet } from '../../api/types/apps/v1.ts';
import type { Client } from '../../client/client.ts';
import { eventually } from '../support/eventually.ts';

/** One of several alike that are played at the same time, each in namespaces of its own. */
export interface World {
  /** Like `r1w0`: in all names that are of the whole cluster. */
  readonly id: string;
  readonly namespace: string;
  /** Deleted with all that is in it, while the rest goes on. */
  readonly doomed: string;
  readonly storageClass: string;
}

export function worldOf(id: string): World {
  return { id, namespace: `world-${id}`, doomed: `doomed-${id}`, storageClass: `by-hand-${id}` };
}

const named = /^(?:world|doomed|by-hand|pv)-(r\d+w\d+)(?![^-])/;

/** Which world's a namespace, volume or class is, by its name. */
export const worldIdIn = (name: string | undefined): string | undefined => named.exec(name ?? '')?.[1];

export interface PodGroup {
  /** The label `app`. */
  readonly app: string;
  /** Pods that are neither over nor ending. */
  readonly most: number;
  /** Ready ones, from when they were first all there. */
  readonly least: number;
  /** A node, or a value of a label, has at most one. */
  readonly per?: string;
}

export const podGroups: readonly PodGroup[] = [
  { app: 'web', most: 4, least: 2 },
  { app: 'db', most: 3, least: 2, per: 'statefulset.kubernetes.io/pod-name' },
  { app: 'agent', most: 3, least: 2, per: 'node' },
  { app: 'pieces', most: 2, least: 0, per: 'batch.kubernetes.io/job-completion-index' },
  { app: 'plain', most: 2, least: 1 },
  { app: 'classic', most: 2, least: 0 },
  { app: 'scaled', most: 2, least: 0 },
  { app: 'nightly', most: 1, least: 0 },
];

const template = (app: string, version = 1, command: readonly string[] = []) => ({
  metadata: { labels: { app } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: `registry.example/${app}:${version}`,
        ...(command.length > 0 && { command: [...command] }),
      },
    ],
  },
});
const selector = (app: string) => ({ matchLabels: { app } });
const ending = ['sh', '-c', 'echo done; exit 0'];

/** What is there before anything else; a CronJob among it that waits for the hour. */
export async function prepare(client: Client, { id, namespace, doomed, storageClass }: World): Promise<void> {
  for (const name of [namespace, doomed]) await client.create(namespaces, { metadata: { name } });
  await client.create(storageClasses, {
    metadata: { name: storageClass },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await client.create(cronJobs, {
    metadata: { namespace, name: 'nightly' },
    spec: { suspend: true, schedule: '0 * * * *', jobTemplate: { spec: { template: finishing('nightly') } } },
  });
  for (const index of [0, 1, 2])
    await client.create(persistentVolumes, {
      metadata: { name: `pv-${id}-${index}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: storageClass,
        hostPath: { path: tmpdir() },
      },
    });
}

/** Everything at once, as `kubecfg apply` of a folder; the CronJob has missed its time and is due. */
export async function createAll(client: Client, world: World): Promise<void> {
  const { namespace, doomed } = world;
  const metadata = (name: string, where = namespace) => ({ namespace: where, name });
  const creations = [
    client.create(deployments, {
      metadata: metadata('web'),
      spec: {
        replicas: 3,
        selector: selector('web'),
        template: template('web'),
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      },
    }),
    client.create(services, { metadata: metadata('web'), spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
    client.create(podDisruptionBudgets, {
      metadata: metadata('web'),
      spec: { minAvailable: 2, selector: selector('web') },
    }),
    client.create(statefulSets, statefulSet(world)),
    client.create(daemonSets, {
      metadata: metadata('agent'),
      spec: { selector: selector('agent'), template: template('agent') },
    }),
    client.create(jobs, {
      metadata: metadata('pieces'),
      spec: {
        completionMode: 'Indexed',
        completions: 4,
        parallelism: 2,
        template: finishing('pieces'),
      },
    }),
    client.patch(cronJobs, metadata('nightly'), { type: 'merge', body: { spec: { suspend: false } } }),
    client.create(replicaSets, {
      metadata: metadata('plain'),
      spec: { replicas: 2, selector: selector('plain'), template: template('plain') },
    }),
    client.create(replicationControllers, {
      metadata: metadata('classic'),
      spec: { replicas: 2, selector: { app: 'classic' }, template: template('classic') },
    }),
    client.create(deployments, {
      metadata: metadata('scaled'),
      spec: { replicas: 1, selector: selector('scaled'), template: template('scaled') },
    }),
    client.create(horizontalPodAutoscalers, {
      metadata: metadata('scaled'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        minReplicas: 2,
        maxReplicas: 2,
      },
    }),
    client.create(deployments, {
      metadata: metadata('old', doomed),
      spec: { replicas: 2, selector: selector('old'), template: template('old') },
    }),
    client.create(configMaps, { metadata: metadata('old', doomed), data: { a: '1' } }),
    client.create(services, {
      metadata: metadata('old', doomed),
      spec: { selector: { app: 'old' }, ports: [{ port: 80 }] },
    }),
  ];
  await Promise.all(creations);
}

const finishing = (app: string) => {
  const { metadata: labels, spec } = template(app, 1, ending);
  return { metadata: labels, spec: { ...spec, restartPolicy: 'Never' } };
};

function statefulSet({ namespace, storageClass }: World): StatefulSet {
  const claim = {
    metadata: { name: 'data' },
    spec: {
      storageClassName: storageClass,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  };
  const { metadata: labels, spec } = template('db');
  const containers = spec.containers.map((one) => ({ ...one, volumeMounts: [{ name: 'data', mountPath: '/data' }] }));
  return {
    metadata: { namespace, name: 'db' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: selector('db'),
      template: { metadata: labels, spec: { ...spec, containers } },
      volumeClaimTemplates: [claim],
    },
  };
}

/** New versions of what has versions, fewer of one, and two that go with all that is theirs. */
export async function changeAll(client: Client, { namespace, doomed }: World): Promise<void> {
  const metadata = (name: string) => ({ namespace, name });
  const image = (app: string) => ({
    type: 'strategic' as const,
    body: { spec: { template: { spec: { containers: [{ name: 'main', image: `registry.example/${app}:2` }] } } } },
  });
  await Promise.all([
    client.patch(deployments, metadata('web'), image('web')),
    client.patch(statefulSets, metadata('db'), image('db')),
    client.patch(daemonSets, metadata('agent'), image('agent')),
    client.patch(replicaSets, metadata('plain'), { type: 'merge', body: { spec: { replicas: 1 } } }),
    client.delete(replicationControllers, metadata('classic'), { propagationPolicy: 'Background' }),
    client.delete(namespaces, { name: doomed }),
  ]);
}

/** As a drain does it: asks again while the budget says no. */
export async function evictAll(client: Client, { namespace }: World): Promise<void> {
  const { items } = await client.list(pods, { namespace, labelSelector: 'app=web' });
  await Promise.all(
    items
      .filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined)
      .map(({ metadata: { name } }) =>
        eventually(`${name} is evicted`, () => evict(client, { namespace, name }), { everyMs: 100 }),
      ),
  );
}

async function evict(client: Client, key: { readonly namespace: string; readonly name: string }): Promise<boolean> {
  try {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key };
    await client.createSubresource(pods, key, 'eviction', eviction);
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (error instanceof StatusError && error.code === 429) return false;
    throw error;
  }
}

/** With all that is in it; its volumes are left, released. */
export async function deleteAll(client: Client, { namespace }: World): Promise<void> {
  await client.delete(namespaces, { name: namespace });
}

/** What the end of the last act leaves. */
export async function cleanUp(client: Client, { id, storageClass }: World): Promise<void> {
  for (const index of [0, 1, 2]) await client.delete(persistentVolumes, { name: `pv-${id}-${index}` });
  await client.delete(storageClasses, { name: storageClass });
}
