/** Every example works: it is applied as a user would, its pods become ready, and it is deleted again. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { daemonSets, deployments, statefulSets } from '../../api/resources/apps.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../api/resources/core.ts';
import type { Deployment, StatefulSet } from '../../api/types/apps/v1.ts';
import type { HorizontalPodAutoscaler } from '../../api/types/autoscaling/v2.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';

const folder = join(packageRoot, 'manifests', 'examples');
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const namespace = 'default';

/** What the examples of device claims are about. */
const declaredDevices = `
apiVersion: kubelet.longshore.dev/v1
kind: NodeDevices
devices:
- name: example
  shared: true
  nodes: [{ path: /dev/null, containerPath: /dev/example }]
  attributes: { example: true }
  capacity: { memory: { value: 40Gi, requestPolicy: { default: 10Gi, validRange: { min: 1Gi, step: 1Gi } } } }
`;

describe('the examples', () => {
  let cluster: LocalCluster;

  before(async () => {
    await mkdir('/etc/longshore', { recursive: true }); // of the sandbox
    await writeFile('/etc/longshore/devices.yaml', declaredDevices);
    cluster = await LocalCluster.start(); // with the demo, whose registry has the examples' image
  });
  after(() => cluster.remove());

  const examplePods = async () =>
    (await cluster.client.list(pods, { namespace })).items.filter(({ metadata }) =>
      metadata.name.startsWith('example-'),
    );

  /** They have the names of what they are made by, which stand in the file. */
  async function podsOf(file: string): Promise<readonly Stored<Pod>[]> {
    const names = [...(await readFile(file, 'utf8')).matchAll(/^ {2}name: (example-\S+)$/gm)].map(
      ([, name = '']) => name,
    );
    const isOf = (pod: string) => names.some((name) => pod === name || pod.startsWith(`${name}-`));
    return (await examplePods()).filter(({ metadata }) => isOf(metadata.name));
  }

  /** These make pods at once; others later, or never. */
  const makesPods = (text: string) =>
    /^kind: (Pod|ReplicationController|ReplicaSet|Deployment|StatefulSet|DaemonSet|Job)$/m.test(text);

  const isDone = ({ status }: Stored<Pod>): boolean =>
    status?.phase === 'Succeeded' ||
    (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false);

  const podsAreReady = () =>
    eventually('the pods of the examples are ready, or have done their work', async () =>
      (await examplePods()).every(isDone),
    );

  // They share nothing but the cluster, and most of what each does is wait.
  describe('as they are', { concurrency: 4 }, () => {
    for (const name of examples) {
      it(name, async () => {
        const file = join(folder, name);
        assert.match(await cluster.kubecfg('apply', '-f', file), /created/);
        const isToHavePods = makesPods(await readFile(file, 'utf8'));
        await eventually('the pods of the example are ready, or have done their work', async () => {
          const all = await podsOf(file);
          return all.every(isDone) && (all.length > 0 || !isToHavePods);
        });
        assert.match(await cluster.kubecfg('apply', '-f', file), /unchanged/);
        await cluster.kubecfg('delete', '-f', file);
        await eventually('its pods are gone', async () => (await podsOf(file)).length === 0);
      });
    }
  });

  it('a StatefulSet and a DaemonSet roll to another template, pod by pod', async () => {
    const { client } = cluster;
    const files = ['stateful-set.yaml', 'daemon-set.yaml'].map((name) => join(folder, name));
    for (const file of files) await cluster.kubecfg('apply', '-f', file);
    const stateful = async () => (await client.get(statefulSets, { namespace, name: 'example-stateful' })).status;
    const daemon = async () => (await client.get(daemonSets, { namespace, name: 'example-daemon' })).status;
    await eventually('all are available', async () => {
      const [set, daemons] = [await stateful(), await daemon()];
      return (
        set?.availableReplicas === 2 && set.currentRevision === set.updateRevision && daemons?.numberAvailable === 1
      );
    });
    const before = await stateful();
    const body = { spec: { template: { metadata: { annotations: { rolled: 'yes' } } } } };
    await client.patch(statefulSets, { namespace, name: 'example-stateful' }, { type: 'merge', body });
    await client.patch(daemonSets, { namespace, name: 'example-daemon' }, { type: 'merge', body });
    await eventually('all are new', async () => {
      const [set, daemons] = [await stateful(), await daemon()];
      const isNew = set?.currentRevision === set?.updateRevision && set?.currentRevision !== before?.currentRevision;
      const isRolled = daemons?.updatedNumberScheduled === 1 && daemons.numberAvailable === 1;
      return isNew && isRolled && set?.availableReplicas === 2;
    });
    const rolled = (await examplePods()).filter(({ metadata }) => metadata.annotations?.rolled === 'yes');
    assert.equal(rolled.length, 3);
    for (const file of files) await cluster.kubecfg('delete', '-f', file);
    await eventually('its pods are gone', async () => (await examplePods()).length === 0);
  });

  it('rollingupdate replaces the pods of a controller', async () => {
    await cluster.kubecfg('run', 'localhost:5000/longshore/redis:1', '2', 'example-rolling');
    await eventually('two pods', async () => (await examplePods()).length === 2);
    await podsAreReady();
    const before = (await examplePods()).map(({ metadata }) => metadata.uid);
    await cluster.kubecfg(
      '-u',
      '100ms',
      '-image',
      'localhost:5000/longshore/guestbook:1',
      'rollingupdate',
      'example-rolling',
    );
    const after = await eventually('the old pods have ended', async () => {
      const now = await examplePods();
      return now.length === 2 && now;
    });
    assert.ok(after.every(({ metadata }) => !before.includes(metadata.uid)));
    assert.ok(after.every(({ spec }) => spec?.containers[0]?.image === 'localhost:5000/longshore/guestbook:1'));
    await cluster.kubecfg('stop', 'example-rolling');
    await cluster.kubecfg('rm', 'example-rolling');
  });

  it('an autoscaler adds a pod under load, and takes it away when there is none', async () => {
    const { client } = cluster;
    const labels = { example: 'load' };
    const script = 'trap exit TERM; while :; do [ -e /tmp/load ] || sleep 0.2; done';
    const image = 'localhost:5000/longshore/busybox:1';
    const resources = { requests: { cpu: '100m' }, limits: { cpu: '300m' } };
    const name = 'example-load';
    await client.create<Deployment>(deployments, {
      metadata: { namespace, name },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 2,
            containers: [{ name: 'c', image, command: ['sh', '-c', script], resources }],
          },
        },
      },
    });
    await client.create<HorizontalPodAutoscaler>(horizontalPodAutoscalers, {
      metadata: { namespace, name },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        maxReplicas: 2,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    });
    const replicas = async () => (await client.get(deployments, { namespace, name })).spec?.replicas;
    await eventually('one pod', async () => (await examplePods()).length === 1);
    await podsAreReady();
    const [pod] = await examplePods();
    await cluster.kubecfg('exec', pod?.metadata.name ?? '', '--', 'touch', '/tmp/load');
    await eventually('two under load', async () => (await replicas()) === 2, { timeoutMs: 180_000 });
    await podsAreReady();
    await cluster.kubecfg('exec', pod?.metadata.name ?? '', '--', 'rm', '/tmp/load');
    await eventually('one when idle', async () => (await replicas()) === 1, { timeoutMs: 180_000 });
    await client.delete(horizontalPodAutoscalers, { namespace, name });
    await client.delete(deployments, { namespace, name });
    await eventually('its pods are gone', async () => (await examplePods()).length === 0);
  });

  it('a StatefulSet keeps what its pods wrote on volumes of the default class, and nothing is left when the claims go', async () => {
    const { client } = cluster;
    const script = 'trap exit TERM; echo $HOSTNAME >>/data/starts; while :; do sleep 0.2; done';
    await client.create<StatefulSet>(statefulSets, {
      metadata: { namespace, name: 'example-set' },
      spec: {
        replicas: 2,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: { example: 'set' } },
        template: {
          metadata: { labels: { example: 'set' } },
          spec: {
            terminationGracePeriodSeconds: 2,
            containers: [
              {
                name: 'c',
                image: 'localhost:5000/longshore/busybox:1',
                command: ['sh', '-c', script],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '1Gi' } },
            },
          },
        ],
      },
    });
    await eventually('both pods', async () => (await examplePods()).length === 2);
    await podsAreReady();
    const pathOf = async (claim: string) => {
      const { spec } = await client.get(persistentVolumeClaims, { namespace, name: claim });
      const volume = await client.get(persistentVolumes, { name: spec?.volumeName ?? '' });
      return volume.spec?.local?.path ?? '';
    };
    const folders = await Promise.all(['data-example-set-0', 'data-example-set-1'].map(pathOf));
    const [first] = folders;
    const starts = async () => (await readFile(join(first ?? '', 'starts'), 'utf8')).trim().split('\n');
    await eventually('the first pod has written', async () => (await starts()).length === 1);
    await client.delete(pods, { namespace, name: 'example-set-0' });
    await eventually('its successor finds that', async () => (await starts()).length === 2);
    assert.deepEqual(await starts(), ['example-set-0', 'example-set-0']);
    await client.delete(statefulSets, { namespace, name: 'example-set' });
    await client.deleteCollection(persistentVolumeClaims, { namespace });
    await eventually('the volumes are gone', async () => (await client.list(persistentVolumes)).items.length === 0);
    assert.deepEqual(
      folders.filter((folder) => existsSync(folder)),
      [],
    );
  });
});
