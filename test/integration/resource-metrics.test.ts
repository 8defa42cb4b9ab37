/** metrics.k8s.io: what kubelets on the fake runtime measure, through the API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { nodeMetrics, podMetrics } from '../../api/resources/metrics.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { container } from '../support/kubelet-world.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const root = '/apis/metrics.k8s.io/v1beta1';

describe('resource metrics', () => {
  let server: TestApiServer;
  let kubelet: FakeKubelet;

  before(async () => {
    server = await startTestApiServer({ resourceMetrics: true, advertiseAddress: '127.0.0.1' });
    kubelet = await FakeKubelet.start(server, { nodeIp: '127.0.0.1' });
    kubelet.runtime.playUsage('busy', { cores: 0.5, memoryBytes: 8 << 20 });
    const create = (name: string, containers: string[]) =>
      server.client.create<Pod>(pods, {
        metadata: { namespace: 'default', name, labels: { app: name } },
        spec: {
          nodeName: 'node-1',
          containers: containers.map((one) => ({ ...container(), name: one })),
        },
      });
    await create('web', ['busy', 'idle']);
    await create('quiet', ['idle']);
    for (const name of ['web', 'quiet'])
      await eventually(`${name} runs`, async () => {
        const { status } = await server.client.get<Pod>(pods, { namespace: 'default', name });
        return status?.phase === 'Running' && status.containerStatuses?.every(({ state }) => state?.running);
      });
    // A node whose kubelet is nowhere, and a pod that nobody runs.
    await server.client.create<Node>(nodes, { metadata: { name: 'lost' } });
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name: 'waiting' },
      spec: { containers: [container()] },
    });
  });

  after(async () => {
    await kubelet?.remove();
    await server?.stop();
  });

  it('of pods, each by its containers, in namespaces, by labels, by fields', async () => {
    const { items } = await server.client.list(podMetrics, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ metadata, containers }) => [metadata.name, containers?.map(({ name }) => name)]),
      [
        ['quiet', ['idle']],
        ['web', ['busy', 'idle']],
      ],
    );
    const web = items[1];
    const [busy, idle] = web?.containers ?? [];
    assert.deepEqual(web?.metadata.labels, { app: 'web' });
    assert.equal(busy?.usage.memory, '8Mi');
    assert.equal(busy?.usage.cpu, '500m');
    assert.deepEqual(idle?.usage, { cpu: '0', memory: '1Mi' });
    assert.match(web?.window ?? '', /^\d+(\.\d+)?s$/);
    const names = async (options: object) =>
      (await server.client.list(podMetrics, options)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(await names({ labelSelector: 'app=web' }), ['web']);
    assert.deepEqual(await names({ fieldSelector: 'metadata.name!=web' }), ['quiet']);
    assert.deepEqual(await names({ namespace: 'elsewhere' }), []);
  });

  it('of nodes; one whose kubelet does not answer is left out', async () => {
    const { items } = await server.client.list(nodeMetrics, {});
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['node-1'],
    );
    assert.match(items[0]?.usage?.memory ?? '', /^\d+(Ki|Mi|Gi)?$/);
  });

  it('says what there is nothing of', async () => {
    const refusals = [
      [podMetrics, 'absent', 'pods "absent" not found'],
      [podMetrics, 'waiting', 'podmetrics.metrics.k8s.io "default/waiting" not found'],
      [nodeMetrics, 'absent', 'nodes "absent" not found'],
      [nodeMetrics, 'lost', 'nodemetrics.metrics.k8s.io "lost" not found'],
    ] as const;
    for (const [resource, name, message] of refusals) {
      const key = resource.namespaced ? { namespace: 'default', name } : { name };
      await assert.rejects(
        server.client.get<KubernetesObject>(resource, key),
        (error: unknown) => isNotFound(error) && error instanceof Error && error.message === message,
      );
    }
  });

  it('comes as a table, and is discovered', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { text } = await server.client.raw('GET', `${root}/namespaces/default/pods`, { headers: { accept } });
    const table: { columnDefinitions: { name: string }[]; rows: { cells: string[] }[] } = JSON.parse(text);
    assert.deepEqual(
      table.columnDefinitions.map(({ name }) => name),
      ['Name', 'cpu', 'memory', 'Window'],
    );
    assert.deepEqual(table.rows[1]?.cells.slice(0, 3), ['web', '500m', '9Mi']);
    const found: { resources: object[] } = JSON.parse((await server.client.raw('GET', root)).text);
    assert.deepEqual(found.resources, [
      { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
      { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
    ]);
  });

  it('the kubelet tells the same to those who may ask it', async () => {
    const path = '/api/v1/nodes/node-1/proxy';
    const { text } = await server.client.raw('GET', `${path}/metrics/resource`);
    assert.match(text, /^container_cpu_usage_seconds_total\{container="busy",namespace="default",pod="web"\} \d/m);
    assert.match(text, /^pod_memory_working_set_bytes\{namespace="default",pod="web"\} 10485760 \d+$/m);
    assert.match(text, /^resource_scrape_error 0$/m);
    const summary: { node: { nodeName: string }; pods: { podRef: { name: string }; containers: object[] }[] } =
      JSON.parse((await server.client.raw('GET', `${path}/stats/summary`)).text);
    assert.equal(summary.node.nodeName, 'node-1');
    assert.equal(summary.pods.find(({ podRef }) => podRef.name === 'web')?.containers.length, 2);
  });
});
