/** What a kubelet tells of itself and of real containers, as Prometheus and others read it through the API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { chunksOf } from '../../base/chunks.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { type ReadMetrics, readMetrics } from '../support/metrics-text.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet } from '../support/test-kubelet.ts';

const podCidr = '10.244.204.0/24';
const image = 'busybox:1';
const mebibyte = 2 ** 20;

describe('figures of a kubelet', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;

  before(async () => {
    engine = await startTestEngine({ podCidr });
    await engine.importBusybox(image);
    server = await startTestApiServer();
    kubelet = await startTestKubelet({ engine, server, podCidr });
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name: 'busy' },
      spec: {
        nodeName: 'node-1',
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'c',
            image,
            command: ['sh', '-c', 'while true; do :; done'],
            resources: { limits: { cpu: '100m', memory: '64Mi' } },
            livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 30 },
          },
        ],
      },
    });
    await podUntil(server, 'busy', ({ status }) => status?.phase === 'Running');
  });

  after(async () => {
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  async function read(path: string): Promise<string> {
    const stream = await server.client.stream(`/api/v1/nodes/node-1/proxy/${path}`, AbortSignal.timeout(30_000));
    const chunks: Buffer[] = [];
    for await (const chunk of chunksOf(stream)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  const metrics = async (path: string): Promise<ReadMetrics> => readMetrics(await read(path));
  const ofContainer = { namespace: 'default', pod: 'busy', container: 'c' };
  const ofPod = { ...ofContainer, container: '' };

  it('has what dashboards read of containers, by name and label', async () => {
    const found = await eventually('the container was throttled', async () => {
      const all = await metrics('metrics/cadvisor');
      const [throttled] = all.find('container_cpu_cfs_throttled_periods_total', ofContainer);
      return (throttled?.value ?? 0) > 0 && all;
    });
    const amount = (name: string, labels: Readonly<Record<string, string>> = ofContainer) => {
      const [one, ...others] = found.find(name, labels);
      assert.ok(one !== undefined && others.length === 0, `${name}: ${others.length + (one ? 1 : 0)}`);
      return one.value;
    };
    assert.equal(amount('container_scrape_error', {}), 0);
    assert.ok(amount('container_cpu_usage_seconds_total', { ...ofContainer, cpu: 'total' }) > 0);
    assert.equal(amount('container_spec_memory_limit_bytes'), 64 * mebibyte);
    assert.equal(amount('container_spec_cpu_quota'), 10_000);
    assert.equal(amount('container_spec_cpu_period'), 100_000);
    const [usage, workingSet] = [amount('container_memory_usage_bytes'), amount('container_memory_working_set_bytes')];
    assert.ok(workingSet > 0 && workingSet <= usage && usage < 64 * mebibyte);
    assert.equal(amount('container_oom_events_total'), 0);
    assert.ok(amount('container_processes') >= 1);
    for (const name of [
      'container_memory_rss',
      'container_memory_cache',
      'container_start_time_seconds',
      'container_last_seen',
    ])
      assert.ok(amount(name) >= 0, name);
    const labels = found.find('container_memory_rss', ofContainer)[0]?.labels ?? {};
    assert.deepEqual(Object.keys(labels), ['container', 'id', 'image', 'name', 'namespace', 'pod']);
    assert.match(labels.id ?? '', /^\/.*[0-9a-f]{64}/);
    assert.deepEqual([labels.image, labels.name?.startsWith('k8s_c_busy_default_')], [image, true]);
    const [wholePod] = found.find('container_memory_working_set_bytes', ofPod);
    assert.deepEqual([wholePod?.labels.image, wholePod?.labels.name], ['', '']);
    assert.match(wholePod?.labels.id ?? '', /pod[0-9a-f]{8}[-_]/);
    assert.ok((wholePod?.value ?? 0) >= workingSet);
    const interfaces = found.find('container_network_receive_bytes_total', ofPod);
    assert.deepEqual(
      interfaces.map((one) => one.labels.interface),
      ['eth0'],
    );
    assert.ok(amount('machine_cpu_cores', {}) >= 1 && amount('machine_memory_bytes', {}) > mebibyte);
    assert.ok(amount('container_fs_limit_bytes', { id: '/' }) >= amount('container_fs_usage_bytes', { id: '/' }));
    assert.ok(amount('container_memory_working_set_bytes', { id: '/' }) > workingSet);
  });

  it('counts probes', async () => {
    const labels = { ...ofContainer, probe_type: 'Liveness' };
    const found = await eventually('the container was asked', async () => {
      const all = await metrics('metrics/probes');
      return (all.find('prober_probe_total', { ...labels, result: 'successful' })[0]?.value ?? 0) > 0 && all;
    });
    assert.match(found.find('prober_probe_total', labels)[0]?.labels.pod_uid ?? '', /^[0-9a-f-]{36}$/);
    assert.ok((found.find('prober_probe_duration_seconds_count', labels)[0]?.value ?? 0) > 0);
  });

  it('tells what runs, how it is set up, and nothing of what is not there', async () => {
    const running: unknown = JSON.parse(await read('runningpods/'));
    assert.deepEqual(JSON.stringify(running).match(/"containers":\[[^\]]*\]/g), [
      `"containers":[{"name":"c","image":"${image}"}]`,
    ]);
    assert.match(await read('configz'), /"containerLogMaxSize":"10Mi","containerLogMaxFiles":5/);
    assert.equal(readMetrics(await read('metrics')).find('kubelet_running_pods')[0]?.value, 1);
    for (const path of ['metrics/slis', 'spec', 'stats/container'])
      await assert.rejects(read(path), { code: 404 }, path);
    await assert.rejects(read('logs/'), { code: 405 });
  });

  it('remembers what was used, for the node and by pod', async () => {
    interface History {
      readonly columns: readonly { readonly name: string }[];
      readonly node?: readonly number[][];
      readonly pods: readonly { readonly podRef: { readonly name: string }; readonly rows: readonly number[][] }[];
    }
    const history = await eventually(
      'there is a row of the pod',
      async () => {
        const found = JSON.parse(await read('stats/history?pod=busy&namespace=default')) as History;
        return found.pods.length > 0 && found;
      },
      { timeoutMs: 120_000 },
    );
    assert.deepEqual(
      history.columns.map(({ name }) => name),
      ['time', 'cpu', 'memory', 'received', 'sent', 'restarts'],
    );
    assert.equal(history.node, undefined);
    const [, cpu = 0, memory = 0] = history.pods[0]?.rows.at(-1) ?? [];
    assert.ok(cpu > 0.02 && cpu < 0.3, `${cpu} cores`);
    assert.ok(memory > 0 && memory < 64 * mebibyte);
    await assert.rejects(read('stats/history?since=yesterday'), { code: 400 });
  });
});
