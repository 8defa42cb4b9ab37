/** StatefulSets and DaemonSets against the real API server, with a kubelet that the test plays. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { controllerRevisions, daemonSets, statefulSets } from '../../api/resources/apps.ts';
import { events, namespaces, nodes, persistentVolumeClaims, pods } from '../../api/resources/core.ts';
import type { DaemonSet, StatefulSet, StatefulSetSpec } from '../../api/types/apps/v1.ts';
import type { Namespace, Node, Pod } from '../../api/types/core/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const controllers = [
  'statefulset-controller',
  'daemonset-controller',
  'set-rollback-controller',
  'garbage-collector-controller',
];

describe('workloads of named and of daemon pods', () => {
  let server: TestApiServer;
  let manager: Running;
  let namespace = '';
  let count = 0;

  const start = async () => {
    const options = { connection: server.connection, logger: silentLogger, leaderElect: false, identity: 'test' };
    return await startControllerManager({ ...options, controllers });
  };
  before(async () => {
    server = await startTestApiServer();
    manager = await start();
  });
  after(async () => {
    await manager.stop();
    await server.stop();
  });
  beforeEach(async () => {
    count += 1;
    namespace = `sets-${count}`;
    await server.client.create<Namespace>(namespaces, { metadata: { name: namespace } });
  });

  const template = (image = 'app:1') => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 0 },
  });
  const selector = { matchLabels: { app: 'web' } };
  const createStateful = (spec: Partial<StatefulSetSpec> = {}) =>
    server.client.create<StatefulSet>(statefulSets, {
      metadata: { namespace, name: 'web' },
      spec: { replicas: 3, serviceName: 'web', selector, template: template(), ...spec },
    });
  const patch = (resource: typeof statefulSets | typeof daemonSets, spec: object) =>
    server.client.patch<StatefulSet | DaemonSet>(
      resource,
      { namespace, name: 'web' },
      { type: 'merge', body: { spec } },
    );
  const statefulSet = () => server.client.get(statefulSets, { namespace, name: 'web' });
  const podList = async () => (await server.client.list(pods, { namespace })).items;

  /** What a kubelet would say of the pod. */
  const say = (name: string, status: Pod['status']) =>
    server.client.patch<Pod>(pods, { namespace, name }, { type: 'merge', body: { status } }, { subresource: 'status' });
  const ready: Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

  /** Makes pods ready as they come until `check` holds; what it sees of each round is handed to it. */
  async function play(what: string, check: (pods: readonly Pod[]) => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, async () => {
      const all = await podList();
      const waiting = all.filter(({ status, metadata }) => status?.phase === 'Pending' && !metadata.deletionTimestamp);
      await Promise.allSettled(waiting.map(({ metadata }) => say(metadata.name, ready)));
      return await check(all);
    });
  }
  const images = (all: readonly Pod[]) => all.map(({ spec }) => spec?.containers[0]?.image);
  const names = (all: readonly Pod[]) => all.map(({ metadata }) => metadata?.name).sort();
  const isCurrent = async (replicas: number) => {
    const { status, metadata } = await statefulSet();
    return (
      status?.observedGeneration === metadata.generation &&
      status?.availableReplicas === replicas &&
      status.currentRevision === status.updateRevision &&
      status.replicas === replicas
    );
  };

  it('makes pods in order, each with its identity and its claim, and takes them away in reverse', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    };
    await createStateful({
      volumeClaimTemplates: [claim],
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' },
      ordinals: { start: 1 },
    });
    const order: string[] = [];
    await play('three pods', async (all) => {
      for (const name of names(all)) if (name !== undefined && !order.includes(name)) order.push(name);
      return await isCurrent(3);
    });
    assert.deepEqual(order, ['web-1', 'web-2', 'web-3']);
    const pod = await server.client.get(pods, { namespace, name: 'web-2' });
    assert.equal(pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'web-2');
    assert.equal(pod.metadata.labels?.['apps.kubernetes.io/pod-index'], '2');
    assert.deepEqual([pod.spec?.hostname, pod.spec?.subdomain], ['web-2', 'web']);
    assert.equal(
      pod.spec?.volumes?.find(({ name }) => name === 'data')?.persistentVolumeClaim?.claimName,
      'data-web-2',
    );
    await patch(statefulSets, { replicas: 1 });
    await play('one pod, one claim', async (all) => {
      const { items } = await server.client.list(persistentVolumeClaims, { namespace });
      const kept = items.filter(({ metadata }) => !metadata.deletionTimestamp);
      return names(all).join() === 'web-1' && kept.length === 1 && (await isCurrent(1));
    });
  });

  it('updates from the highest down to the partition, and goes back to an earlier template as the newest revision', async () => {
    await createStateful({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    await play('three pods', () => isCurrent(3));
    await patch(statefulSets, { template: template('app:2') });
    await play('the third is new', async (all) => {
      const { status } = await statefulSet();
      return images(all).filter((image) => image === 'app:2').length === 1 && status?.availableReplicas === 3;
    });
    assert.notEqual((await statefulSet()).status?.currentRevision, (await statefulSet()).status?.updateRevision);
    await patch(statefulSets, { updateStrategy: { rollingUpdate: { partition: 0 } } });
    await play('all are new', async (all) => images(all).every((image) => image === 'app:2') && (await isCurrent(3)));
    await patch(statefulSets, { template: template('app:1') });
    await play(
      'all are old again',
      async (all) => images(all).every((image) => image === 'app:1') && (await isCurrent(3)),
    );
    const { items } = await server.client.list(controllerRevisions, { namespace });
    assert.deepEqual(items.map(({ revision }) => revision).sort(), [2, 3]);
  });

  it('does not stay stuck on a template that cannot run', async () => {
    await createStateful({ replicas: 2 });
    await play('two pods', () => isCurrent(2));
    await patch(statefulSets, { template: template('nowhere:1') });
    const broken = await eventually('the second is of the broken template', async () =>
      (await podList()).find(({ spec }) => spec?.containers[0]?.image === 'nowhere:1'),
    );
    const state = { waiting: { reason: 'ImagePullBackOff' } };
    await say(broken.metadata.name, {
      phase: 'Pending',
      containerStatuses: [{ name: 'c', image: 'nowhere:1', imageID: '', ready: false, restartCount: 0, state }],
    });
    await patch(statefulSets, { template: template('app:2') });
    await play(
      'all are of the next one',
      async (all) => images(all).every((image) => image === 'app:2') && (await isCurrent(2)),
    );
  });

  it('is not upset by a restart at any point, and makes no pod twice', async () => {
    await createStateful({ replicas: 4, podManagementPolicy: 'Parallel' });
    const uids = new Set<string>();
    for (let restart = 0; restart < 3; restart += 1) {
      await eventually('some are there', async () => (await podList()).length > 0);
      await manager.stop();
      manager = await start();
    }
    await play('four pods', async (all) => {
      for (const { metadata } of all) uids.add(metadata?.uid ?? '');
      return await isCurrent(4);
    });
    assert.equal(uids.size, 4);
    const { resourceVersion } = (await statefulSet()).metadata;
    await manager.stop();
    manager = await start();
    await createDaemon();
    await eventually('the other controller has had its turn', async () => {
      const { status } = await server.client.get(daemonSets, { namespace, name: 'web' });
      return status?.observedGeneration === 1;
    });
    assert.equal((await statefulSet()).metadata.resourceVersion, resourceVersion);
  });

  it('says so when its pods are refused for good, and tries again when it changes', async () => {
    // A label has at most 63 characters, and a pod's name is one.
    const name = 'w'.repeat(62);
    const spec = { replicas: 1, serviceName: 'web', selector, template: template() };
    await server.client.create<StatefulSet>(statefulSets, { metadata: { namespace, name }, spec });
    await eventually('a condition', async () => {
      const { status } = await server.client.get(statefulSets, { namespace, name });
      return status?.conditions?.some(({ type, reason }) => type === 'ReplicaFailure' && reason === 'FailedCreate');
    });
    const { items } = await server.client.list(events, { namespace });
    assert.ok(
      items.some(({ reason, message }) => reason === 'FailedCreate' && message?.includes('must be no more than 63')),
    );
  });

  const createDaemon = (rollingUpdate: object = {}) =>
    server.client.create<DaemonSet>(daemonSets, {
      metadata: { namespace, name: 'web' },
      spec: {
        selector,
        template: { ...template(), spec: { ...template().spec, nodeSelector: { pool: namespace } } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate },
      },
    });
  async function addNode(name: string): Promise<string> {
    const full = `${namespace}-${name}`;
    await server.client.create<Node>(nodes, { metadata: { name: full, labels: { pool: namespace } } });
    // A new node keeps its taint until it says that it is ready.
    await server.client.patch<Node>(nodes, { name: full }, { type: 'merge', body: { spec: { taints: null } } });
    return full;
  }
  const daemonStatus = async () => (await server.client.get(daemonSets, { namespace, name: 'web' })).status;

  it('has one daemon pod on each node that it is for, also on those that come later', async () => {
    const a = await addNode('a');
    await createDaemon();
    await play('one is available', async () => (await daemonStatus())?.numberAvailable === 1);
    await addNode('b');
    await play('two are available', async () => (await daemonStatus())?.numberAvailable === 2);
    await server.client.patch<Node>(
      nodes,
      { name: a },
      { type: 'merge', body: { metadata: { labels: { pool: null } } } },
    );
    await play('it leaves the node', async () => {
      const status = await daemonStatus();
      return status?.desiredNumberScheduled === 1 && status.numberMisscheduled === 0 && (await podList()).length === 1;
    });
  });

  it('updates daemon pods with a surge: no node is without one', async () => {
    await addNode('a');
    await addNode('b');
    await createDaemon({ maxSurge: 1, maxUnavailable: 0 });
    await play('two are available', async () => (await daemonStatus())?.numberAvailable === 2);
    await patch(daemonSets, { template: template('app:2') });
    let fewest = 2;
    await play('both are new', async (all) => {
      const serving = all.filter(({ status, metadata }) => status?.phase === 'Running' && !metadata?.deletionTimestamp);
      fewest = Math.min(fewest, serving.length);
      return images(all).every((image) => image === 'app:2') && (await daemonStatus())?.updatedNumberScheduled === 2;
    });
    assert.equal(fewest, 2);
  });

  it('replaces a failed daemon pod, and tells of it', async () => {
    await addNode('a');
    await createDaemon();
    await play('one is available', async () => (await daemonStatus())?.numberAvailable === 1);
    const [first] = await podList();
    await say(first?.metadata.name ?? '', { phase: 'Failed' });
    await play('another one is available', async (all) => {
      const [other] = all;
      return other?.metadata?.uid !== first?.metadata.uid && (await daemonStatus())?.numberAvailable === 1;
    });
    await eventually('an event', async () => {
      const { items } = await server.client.list(events, { namespace });
      return items.some(({ reason }) => reason === 'FailedDaemonPod');
    });
  });

  describe('that ask for it go back when a rollout fails:', () => {
    const annotations = { 'longshore.dev/roll-back-after-crashes': '3' };
    const crashing: Pod['status'] = {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [
        {
          ...{ name: 'c', image: 'app:bad', imageID: '', ready: false, restartCount: 3 },
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
      ],
    };
    /** Good pods become ready, others crash, until the set is what it was and says why. */
    const playFailure = (resource: typeof statefulSets | typeof daemonSets) =>
      eventually('it goes back', async () => {
        for (const { metadata, spec, status } of await podList()) {
          if (status?.phase !== 'Pending' || metadata.deletionTimestamp !== undefined) continue;
          const isBad = spec?.containers[0]?.image === 'app:bad';
          await Promise.allSettled([say(metadata.name, isBad ? crashing : ready)]);
        }
        const set: StatefulSet | DaemonSet = await server.client.get<StatefulSet | DaemonSet>(resource, {
          namespace,
          name: 'web',
        });
        const note = set.metadata?.annotations?.['longshore.dev/rolled-back'];
        const isBack = images(await podList()).every((image) => image === 'app:1');
        return note !== undefined && set.spec?.template.spec?.containers[0]?.image === 'app:1' && isBack && note;
      });
    const isMarkedGood = async () => {
      const { items } = await server.client.list(controllerRevisions, { namespace });
      return items.some(({ metadata }) => metadata.annotations?.['longshore.dev/good-revision'] === 'true');
    };

    it('a StatefulSet', async () => {
      await server.client.create<StatefulSet>(statefulSets, {
        metadata: { namespace, name: 'web', annotations },
        spec: { replicas: 2, serviceName: 'web', selector, template: template() },
      });
      await play('the first is good', isMarkedGood);
      await patch(statefulSets, { template: template('app:bad') });
      const note = await playFailure(statefulSets);
      assert.match(note, /"from":"2","to":"1","cause":"Container c of pod web-1 has been restarted 3 times\."/);
      const { metadata } = await statefulSet();
      assert.ok(!metadata.managedFields?.some(({ manager }) => manager === 'longshore-rollback'));
    });

    it('a DaemonSet', async () => {
      await addNode('a');
      const of = (image?: string) => {
        const { metadata, spec } = template(image);
        return { metadata, spec: { ...spec, nodeSelector: { pool: namespace } } };
      };
      await server.client.create<DaemonSet>(daemonSets, {
        metadata: { namespace, name: 'web', annotations },
        spec: { selector, template: of() },
      });
      await play('the first is good', isMarkedGood);
      await patch(daemonSets, { template: of('app:bad') });
      assert.match(await playFailure(daemonSets), /"from":"2","to":"1","cause":"Container c of pod web-\S+ has been/);
    });
  });
});
