/** Why a pod waits, as its owner asks: the scheduler's diagnosis, the `why` subresource, and `kubecfg why`. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { replicaSets } from '../../api/resources/apps.ts';
import { leases } from '../../api/resources/coordination.ts';
import { configMaps, nodes, persistentVolumeClaims, pods, services } from '../../api/resources/core.ts';
import { diagnosisAnnotation } from '../../api/scheduling-diagnosis.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const podOf = (name: string, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  metadata: { name, namespace },
  spec: {
    containers: [{ name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu: '3' } } }],
    ...more,
  },
});

describe('why', () => {
  let api: TestApiServer;
  let scheduler: Scheduler;
  let kubecfg: TestKubecfg;

  before(async () => {
    api = await startTestApiServer();
    const amounts = { cpu: '2', memory: '8Gi', pods: '110' };
    const node = (name: string): Node => ({ metadata: { name }, status: { capacity: amounts, allocatable: amounts } });
    for (const name of ['a', 'b']) {
      await api.client.create(nodes, node(name));
      const taints = name === 'a' ? null : [{ key: 'gpu', effect: 'NoSchedule' }];
      await api.client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints } } });
    }
    const options = { connection: api.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    scheduler = await startScheduler(options);
    kubecfg = await TestKubecfg.open(api.connection);
  });
  after(async () => {
    await kubecfg.close();
    await scheduler.stop();
    await api.stop();
  });

  const diagnosisOf = async (name: string) =>
    (await api.client.get(pods, { namespace, name })).metadata.annotations?.[diagnosisAnnotation];

  it('tells which nodes refuse a pod, and what would help, until it has a node', async () => {
    await api.client.create(pods, podOf('big'));
    await eventually('the scheduler has written it down', () => diagnosisOf('big'));
    const { text } = await api.client.raw('GET', `/api/v1/namespaces/${namespace}/pods/big/why`);
    const { kind, causes, scheduling } = JSON.parse(text);
    assert.equal(kind, 'PodExplanation');
    assert.match(causes[0].message, /^0\/2 nodes are available: 1 Insufficient cpu, 1 node\(s\) had untolerated taint/);
    assert.equal(scheduling.nodes, 2);
    assert.deepEqual(scheduling.nearest[0].node, 'a');
    const said = await kubecfg.must('why pod/big');
    assert.match(said, /what would help: a: needs 1 more cpu: the pod asks for more than the node has \(2\)/);
    assert.match(said, /1: node\(s\) had untolerated taint\(s\) \(b\)/);

    const amounts = { cpu: '8', memory: '8Gi', pods: '110' };
    const body = { status: { capacity: amounts, allocatable: amounts } };
    await api.client.patch(nodes, { name: 'a' }, { type: 'merge', body }, { subresource: 'status' });
    await eventually(
      'it has a node',
      async () => (await api.client.get(pods, { namespace, name: 'big' })).spec?.nodeName,
    );
    assert.equal(await diagnosisOf('big'), undefined);
  });

  it('tells what Services, claims and nodes lack, also by a bare name', async () => {
    await api.client.create(services, {
      metadata: { name: 'front', namespace },
      spec: { selector: { app: 'nothing' }, ports: [{ port: 80 }] },
    });
    await api.client.create(persistentVolumeClaims, {
      metadata: { name: 'classless', namespace },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'nowhere',
      },
    });
    assert.match(await kubecfg.must('why front'), /^service\/front .*\n +No pod matches its selector app=nothing\./);
    assert.match(await kubecfg.must('why classless'), /The StorageClass nowhere does not exist\./);
    assert.match(await kubecfg.must('why b'), /^node\/b: .*\n +Its taints keep pods away: gpu:NoSchedule\./);
    const missing = await kubecfg.run('why nobody');
    assert.deepEqual([missing.code, /nothing is named "nobody"/.test(missing.errors)], [1, true]);
  });

  it('is no part of what discovery tells, and is for those who may read it', async () => {
    const { text } = await api.client.raw('GET', '/api/v1');
    assert.doesNotMatch(text, /pods\/why/);
    const missing = await kubecfg.run('why pod/none');
    assert.notEqual(missing.code, 0);
  });

  it('tells what a workload, a claim and a deletion wait for', async () => {
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: podOf('').spec ?? { containers: [] } };
    const set = await api.client.create(replicaSets, {
      metadata: { name: 'web', namespace },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    });
    const { uid } = set.metadata;
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web',
      uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    const claim = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
    const pod = podOf('web-1', { volumes: [claim], nodeName: 'b' });
    await api.client.create(pods, { ...pod, metadata: { ...pod.metadata, labels, ownerReferences: [owner] } });
    await api.client.create(persistentVolumeClaims, {
      metadata: { name: 'data', namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    const web = await kubecfg.must('why web');
    assert.match(web, /replicaset\.apps\/web/);
    assert.match(web, /The claim data of its volume data is Pending/);

    await api.client.delete(persistentVolumeClaims, { namespace, name: 'data' });
    const spec = { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' };
    await api.client.create(leases, { metadata: { namespace: 'kube-system', name: 'kube-controller-manager' }, spec });
    const data = await kubecfg.must('why pvc/data');
    assert.match(data, /waits for the finalizer kubernetes\.io\/pvc-protection: for pod\/web-1 to go/);
    assert.match(data, /renewed last at 2020-01-01/);

    await api.client.delete(replicaSets, { namespace, name: 'web' }, { propagationPolicy: 'Foreground' });
    assert.match(await kubecfg.must('why replicaset/web'), /waits for what it owns to go: pod\/web-1/);
    await api.client.create(configMaps, { metadata: { name: 'held', namespace, finalizers: ['example.com/hold'] } });
    await api.client.delete(configMaps, { namespace, name: 'held' });
    assert.match(await kubecfg.must('why configmap/held'), /waits for the finalizer example\.com\/hold/);
  });
});
