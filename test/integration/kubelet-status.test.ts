/** What the kubelet writes about its node and its pods, and what it leaves to others. No engine: the fake runtime. */

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Node, Pod, PodCondition } from '../../api/types/core/v1.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil } from '../support/test-kubelet.ts';

const waiting = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
const key = { name: 'node-1' };

describe('the kubelet and statuses', { timeout: 240_000 }, () => {
  let server: TestApiServer;
  let kubelet: FakeKubelet;

  before(async () => {
    server = await startTestApiServer();
    kubelet = await FakeKubelet.start(server);
  });
  after(async () => {
    await kubelet?.remove();
    await server?.stop();
  });

  const create = async (name: string, spec: Partial<NonNullable<Pod['spec']>> = {}) => {
    const container = { name: 'c', image: 'busybox:1', command: ['sh', '-c', waiting] };
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { terminationGracePeriodSeconds: 1, nodeName: 'node-1', containers: [container], ...spec },
    });
  };
  const writeNodeStatus = async (status: object) =>
    await server.client.patch<Node>(nodes, key, { type: 'strategic', body: { status } }, { subresource: 'status' });
  const writePodConditions = async (name: string, conditions: Pick<PodCondition, 'type' | 'status'>[]) =>
    await server.client.patch<Pod>(
      pods,
      { namespace: 'default', name },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );

  describe('of the node', () => {
    it('writes it again when somebody took the node for dead', async () => {
      await writeNodeStatus({ conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] });
      await eventually('the node is ready', async () => (await kubelet.conditionOf('Ready')) === 'True');
      const ready = (await kubelet.node()).status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.reason, 'KubeletReady');
    });

    it('writes its pods again then, whatever the cache of pods has seen', async () => {
      await create('revived');
      await podUntil(server, 'revived', (pod) => conditionOf(pod, 'Ready') === 'True');
      await writePodConditions('revived', [{ type: 'Ready', status: 'False' }]);
      const pod = await podUntil(server, 'revived', (one) => conditionOf(one, 'Ready') === 'True');
      const { lastTransitionTime = '' } = pod.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
      assert.ok(Date.parse(String(lastTransitionTime)) >= Date.parse(pod.metadata.creationTimestamp));
    });

    it('puts addresses and capacity right that somebody overwrote', async () => {
      const { addresses, capacity } = (await kubelet.node()).status ?? {};
      await writeNodeStatus({ addresses: [{ type: 'InternalIP', address: '203.0.113.9' }], capacity: { cpu: '999' } });
      await eventually('both are right', async () => {
        const { status } = await kubelet.node();
        assert.deepEqual([status?.addresses, status?.capacity], [addresses, capacity]);
        return true;
      });
    });

    it('registers a node that was deleted anew, with its labels', async () => {
      await server.client.delete(nodes, key);
      await eventually('the node is there again', async () => (await kubelet.conditionOf('Ready')) === 'True');
    });

    it('fills in a node that somebody made anew', async () => {
      await server.client.delete(nodes, key);
      await server.client.create<Node>(nodes, { metadata: key }).catch(() => undefined); // the kubelet was faster
      await eventually('the node is ready', async () => (await kubelet.conditionOf('Ready')) === 'True');
      await eventually('the node has its labels', async () => {
        const { metadata } = await kubelet.node();
        return metadata?.labels?.['kubernetes.io/os'] === 'linux';
      });
    });

    it('leaves the conditions and the capacity of others alone', async () => {
      await writeNodeStatus({
        conditions: [{ type: 'NetworkUnavailable', status: 'False', reason: 'RouteCreated' }],
        capacity: { 'example.com/gadgets': '3' },
        addresses: [{ type: 'InternalIP', address: '203.0.113.9' }],
      });
      await eventually('the kubelet wrote', async () => {
        const { addresses, allocatable } = (await kubelet.node()).status ?? {};
        return addresses?.[0]?.address === '192.0.2.10' && allocatable?.['example.com/gadgets'] === '3';
      });
      assert.equal(await kubelet.conditionOf('NetworkUnavailable'), 'False');
      assert.equal((await kubelet.node()).status?.capacity?.['example.com/gadgets'], '3');
    });
  });

  describe('of pods', () => {
    it('never takes back what somebody said of a readiness gate', async () => {
      await create('gated', { readinessGates: [{ conditionType: 'example.com/gate' }] });
      await podUntil(server, 'gated', (pod) => conditionOf(pod, 'ContainersReady') === 'True');
      await writePodConditions('gated', [{ type: 'example.com/gate', status: 'True' }]);
      const pod = await podUntil(server, 'gated', (one) => conditionOf(one, 'Ready') === 'True');
      await writePodConditions('gated', [{ type: 'example.com/gate', status: 'False' }]);
      kubelet.runtime.exit(containerIdOf(pod), 1);
      await podUntil(
        server,
        'gated',
        (one) =>
          one.status?.containerStatuses?.[0]?.restartCount === 1 && conditionOf(one, 'ContainersReady') === 'True',
      );
      const last = await podUntil(server, 'gated', (one) => conditionOf(one, 'Ready') === 'False');
      assert.equal(conditionOf(last, 'example.com/gate'), 'False');
    });

    it('leaves the end of a pod that somebody declared Failed as it is', async () => {
      await create('declared');
      await podUntil(server, 'declared', (pod) => conditionOf(pod, 'Ready') === 'True');
      const status = { phase: 'Failed', reason: 'NodeLost', message: 'its node is gone' };
      const name = { namespace: 'default', name: 'declared' };
      await server.client.patch<Pod>(pods, name, { type: 'merge', body: { status } }, { subresource: 'status' });
      await eventually('its container ended', async () => {
        const { containers } = await kubelet.runtime.list();
        return containers.every(({ pod, status: { type } }) => pod.name !== 'declared' || type === 'exited');
      });
      const { status: last } = await server.client.get<Pod>(pods, name);
      assert.deepEqual([last?.phase, last?.reason, last?.message], ['Failed', 'NodeLost', 'its node is gone']);
    });

    it('resizes what runs, and says of what the node has not that it waits', async () => {
      const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '100m', memory: '32Mi' } };
      const container = { name: 'c', image: 'busybox:1', command: ['sh', '-c', waiting], resources };
      await create('resized', { containers: [container] });
      const pod = await podUntil(server, 'resized', (one) => conditionOf(one, 'Ready') === 'True');
      const resize = async (cpu: string) =>
        await server.client.patch<Pod>(
          pods,
          { namespace: 'default', name: 'resized' },
          {
            type: 'strategic',
            body: { spec: { containers: [{ name: 'c', resources: { requests: { cpu }, limits: { cpu } } }] } },
          },
          { subresource: 'resize' },
        );
      const has = (cpu: string) => (one: Pod) => one.status?.containerStatuses?.[0]?.allocatedResources?.cpu === cpu;
      await resize('50m');
      const resized = await podUntil(server, 'resized', has('50m'));
      assert.equal(containerIdOf(resized), containerIdOf(pod));
      assert.equal(kubelet.runtime.configOf(containerIdOf(pod))?.resources.cpuQuota, 5_000);
      kubelet.runtime.exit(containerIdOf(pod), 1);
      const restarted = await podUntil(server, 'resized', (one) => isReadyAgain(one, 1));
      assert.equal(kubelet.runtime.configOf(containerIdOf(restarted))?.resources.cpuQuota, 5_000);

      const all = String(cpus().length);
      await create('neighbour', { containers: [{ ...container, resources: { requests: { cpu: '10m' } } }] });
      await podUntil(server, 'neighbour', (one) => conditionOf(one, 'Ready') === 'True');
      await resize(all);
      const pending = await podUntil(server, 'resized', (one) => conditionOf(one, 'PodResizePending') === 'True');
      assert.equal(pending.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason, 'Deferred');
      assert(has('50m')(pending));
      await resize('100m');
      await podUntil(
        server,
        'resized',
        (one) => has('100m')(one) && conditionOf(one, 'PodResizePending') === undefined,
      );
    });

    it('shows each restart as not ready, however short', async () => {
      await create('restarted');
      const pod = await podUntil(server, 'restarted', (one) => conditionOf(one, 'Ready') === 'True');
      const seen = await versionsWhile(server, pods, async () => {
        kubelet.runtime.exit(containerIdOf(pod), 1);
        await podUntil(server, 'restarted', (one) => isReadyAgain(one, 1));
      });
      const shown = seen.filter(({ metadata }) => metadata.name === 'restarted');
      assert.ok(shown.some((one) => conditionOf(one, 'Ready') === 'False'));
      for (const { status } of shown) {
        const [container] = status?.containerStatuses ?? [];
        assert.equal(container?.ready, container?.state?.running !== undefined);
      }
    });
  });

  describe('after a restart of the kubelet', () => {
    it('says nothing new when nothing changed', async () => {
      const readinessProbe = { exec: { command: ['sh', '-c', 'exit 0'] }, periodSeconds: 1 };
      const container = { name: 'c', image: 'busybox:1', command: ['sh', '-c', waiting], readinessProbe };
      await create('kept', { containers: [container] });
      const before = await podUntil(server, 'kept', (pod) => conditionOf(pod, 'Ready') === 'True');
      // As long as the node has its pod CIDR: it was made anew above.
      const body = { spec: { podCIDR: '10.244.0.0/24' } };
      await server.client.patch<Node>(nodes, key, { type: 'merge', body });
      const seenOfNode: Stored<Node>[] = [];
      const seen = await versionsWhile(server, pods, async () => {
        seenOfNode.push(
          ...(await versionsWhile(server, nodes, async () => {
            await kubelet.stop();
            const lease = await server.client.get<Node>(nodes, key);
            await kubelet.start();
            await eventually('the new kubelet wrote the node', async () => {
              const { metadata } = await server.client.get<Node>(nodes, key);
              return metadata.resourceVersion !== lease.metadata.resourceVersion;
            });
            await create('later');
            await podUntil(server, 'later', (pod) => conditionOf(pod, 'Ready') === 'True');
          })),
        );
      });
      for (const node of seenOfNode) assert.equal(conditionOf(node, 'Ready'), 'True');
      for (const pod of seen.filter(({ metadata }) => metadata.name === 'kept')) {
        assert.deepEqual(pod.status?.conditions, before.status?.conditions);
        assert.deepEqual(pod.status?.containerStatuses, before.status?.containerStatuses);
      }
    });
  });
});

const conditionOf = (
  {
    status,
  }: { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } },
  type: string,
): string | undefined => status?.conditions?.find((one) => one.type === type)?.status;

const containerIdOf = ({ status }: Pod): string =>
  status?.containerStatuses?.[0]?.containerID?.replace(/^\w+:\/\//, '') ?? '';

const isReadyAgain = (pod: Pod, restartCount: number): boolean =>
  pod.status?.containerStatuses?.[0]?.restartCount === restartCount && conditionOf(pod, 'Ready') === 'True';

/** Every version of the objects of a kind that watchers saw while `work` went on. */
async function versionsWhile<T extends KubernetesObject>(
  { client }: TestApiServer,
  kind: Resource<T>,
  work: () => Promise<void>,
): Promise<Stored<T>[]> {
  const stop = new AbortController();
  const { metadata } = await client.list(kind);
  const seen: Stored<T>[] = [];
  const watching = (async () => {
    const from = { resourceVersion: metadata.resourceVersion, signal: stop.signal };
    for await (const event of client.watch(kind, from)) if (event.type !== 'BOOKMARK') seen.push(event.object);
  })();
  watching.catch(() => undefined); // awaited below, unless the work fails
  await work();
  const { metadata: last } = await client.list(kind);
  await eventually('the watch has caught up', () =>
    seen.length === 0 ? last.resourceVersion === metadata.resourceVersion : true,
  );
  stop.abort();
  await watching;
  return seen;
}
