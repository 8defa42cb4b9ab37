/**
 * Many objects at once that controllers cannot serve, some of each kind, half of them without what validation asks for
 * today, as an older version may have stored them: all that can be served are served all the same, by all controllers of
 * the real controller manager.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { daemonSets, deployments, replicaSets, statefulSets } from '../../api/resources/apps.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { jobs } from '../../api/resources/batch.ts';
import {
  configMaps,
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicationControllers,
  resourceQuotas,
  serviceAccounts,
  services,
} from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Event } from '../../api/types/core/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { Limiter } from '../../base/limiter.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { ending, type Poison, poisoned, poisons, selector, template } from '../support/poison-objects.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const well = 'well';
const ofEachKind = 8;
const atOnce = 16;
/** Everything is in one process. */
const timeoutMs = 120_000;

describe('objects that nobody can serve', () => {
  let server: TestApiServer;
  let manager: Running | undefined;

  before(async () => {
    server = await startTestApiServer({ timeoutMs });
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await server.client.create(namespaces, { metadata: { name: poisoned, labels: restricted } });
    for (const name of [well, 'ending']) await server.client.create(namespaces, { metadata: { name } });
    await server.client.create(nodes, { metadata: { name: 'node' } });
  });
  after(async () => {
    await manager?.stop();
    await server.stop();
  });

  const startManager = () =>
    startControllerManager({
      ...{ connection: server.connection, logger: silentLogger, leaderElect: false, identity: 'test' },
      nodeGraceMs: 1e9,
    });

  const create = <T extends KubernetesObject>(resource: Resource<T>, object: T) =>
    server.client.create(resource, object);

  async function createPoison({ resource, make }: Poison, index: number): Promise<void> {
    const name = `poison-${resource.plural}-${index}`;
    await create(resource, make(name));
    if (resource.plural === namespaces.plural) await poisonNamespace(name);
    else if (index % 2 === 1) await emptySpec(`/${name}`);
  }

  /** Its namespace cannot go: what is in it has a finalizer that nobody takes off. */
  async function poisonNamespace(name: string): Promise<void> {
    await create(configMaps, { metadata: { namespace: name, name: 'stays', finalizers: ['nobody.example/stays'] } });
    await server.client.delete(namespaces, { name });
  }

  /** No request can do that. */
  async function emptySpec(keyEnd: string): Promise<void> {
    const { entries } = await server.store.list({ prefix: '/registry/' });
    const entry = entries.find(({ key }) => key.endsWith(keyEnd)) ?? assert.fail(keyEnd);
    const object: object = JSON.parse(entry.value.toString());
    await server.store.update(entry.key, Buffer.from(JSON.stringify({ ...object, spec: {} })), entry.revision);
  }

  it('stop no loop: what comes after them is served, of each kind', async () => {
    const limiter = new Limiter(atOnce);
    const numbers = Array.from({ length: ofEachKind }, (_, index) => index);
    const all = poisons.flatMap((poison) => numbers.map((index) => ({ poison, index })));
    await Promise.all(all.map(({ poison, index }) => limiter.run(() => createPoison(poison, index))));
    // It meets all of them at once.
    manager = await startManager();
    await createWell();
    const isServed = Object.entries(served());
    await Promise.all(isServed.map(([what, check]) => eventually(what, check, { timeoutMs, everyMs: 200 })));
    // What maps one change to all objects of a kind meets the poison among them.
    await create(nodes, { metadata: { name: 'late' } });
    await eventually('a daemon on a later node', async () => (await podsOf('daemon')) === 2, { timeoutMs });
    for (const kind of ['ReplicaSet', 'ReplicationController', 'StatefulSet', 'Job'])
      await eventually(`an event says why of a ${kind}`, () => hasEvent(kind), { timeoutMs });
  });

  async function podsOf(app: string): Promise<number> {
    return (await server.client.list(pods, { namespace: well, labelSelector: `app=${app}` })).items.length;
  }

  async function hasEvent(kind: string): Promise<boolean> {
    const { items } = await server.client.list<Event>(events, { namespace: poisoned });
    return items.some(({ reason, involvedObject }) => reason === 'FailedCreate' && involvedObject.kind === kind);
  }

  async function createWell(): Promise<void> {
    const place = (name: string) => ({ namespace: well, name });
    const one = { replicas: 1, selector: selector('app') };
    const of = (app: string) => ({ selector: selector(app), template: template(app) });
    await create(deployments, { metadata: place('deployment'), spec: { ...one, ...of('deployment') } });
    await create(replicaSets, { metadata: place('set'), spec: { ...one, ...of('set') } });
    await create(replicationControllers, {
      metadata: place('controller'),
      spec: { replicas: 1, selector: { app: 'controller' }, template: template('controller') },
    });
    await create(statefulSets, { metadata: place('stateful'), spec: { ...one, serviceName: 'x', ...of('stateful') } });
    // The node has no kubelet that says that it is ready.
    const daemon = template('daemon');
    const tolerant = { ...daemon, spec: { ...daemon.spec, tolerations: [{ operator: 'Exists' }] } };
    await create(daemonSets, {
      metadata: place('daemon'),
      spec: { selector: selector('daemon'), template: tolerant },
    });
    await create(jobs, { metadata: place('job'), spec: { template: ending('job') } });
    await create(horizontalPodAutoscalers, {
      metadata: place('scaler'),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'deployment' },
        minReplicas: 2,
        maxReplicas: 2,
      },
    });
    await create(podDisruptionBudgets, {
      metadata: place('budget'),
      spec: { minAvailable: 1, selector: selector('set') },
    });
    await create(services, { metadata: place('service'), spec: { selector: { app: 'set' }, ports: [{ port: 80 }] } });
    const storage = { accessModes: ['ReadWriteOnce'], storageClassName: 'well' };
    await create(persistentVolumes, {
      metadata: { name: 'well' },
      spec: { ...storage, capacity: { storage: '1Gi' }, hostPath: { path: '/nowhere' } },
    });
    await create(persistentVolumeClaims, {
      metadata: place('claim'),
      spec: { ...storage, resources: { requests: { storage: '1Gi' } } },
    });
    await create(resourceQuotas, { metadata: place('quota'), spec: { hard: { configmaps: '100' } } });
    const owner = await create(configMaps, { metadata: place('owner') });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    await create(configMaps, { metadata: { ...place('owned'), ownerReferences } });
    await server.client.delete(configMaps, place('owner'), { propagationPolicy: 'Background' });
    await server.client.delete(namespaces, { name: 'ending' });
  }

  /** By what each is, whether its controller has done what it is for. */
  function served(): Readonly<Record<string, () => Promise<boolean>>> {
    const { client } = server;
    const place = (name: string) => ({ namespace: well, name });
    const isGone = async (request: Promise<unknown>) => {
      try {
        await request;
        return false;
      } catch (error) {
        return isNotFound(error);
      }
    };
    return {
      'a Deployment, and its autoscaler': async () => (await podsOf('deployment')) === 2,
      'a ReplicaSet': async () => (await podsOf('set')) === 1,
      'a ReplicationController': async () => (await podsOf('controller')) === 1,
      'a StatefulSet': async () => (await podsOf('stateful')) === 1,
      'a DaemonSet': async () => (await podsOf('daemon')) === 1,
      'a Job': async () => (await podsOf('job')) === 1,
      'a budget': async () => (await client.get(podDisruptionBudgets, place('budget'))).status?.expectedPods === 1,
      'a Service': async () => (await client.list(endpointSlices, { namespace: well })).items.length > 0,
      'a claim': async () => (await client.get(persistentVolumeClaims, place('claim'))).status?.phase === 'Bound',
      'a quota': async () => (await client.get(resourceQuotas, place('quota'))).status?.used?.configmaps !== undefined,
      'what a deleted object owned': () => isGone(client.get(configMaps, place('owned'))),
      'a namespace that ends': () => isGone(client.get(namespaces, { name: 'ending' })),
      'an account': async () => (await client.get(serviceAccounts, place('default'))).metadata.name === 'default',
    };
  }
});
