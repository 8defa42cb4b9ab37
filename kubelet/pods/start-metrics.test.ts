import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../base/metrics.ts';
import { StartMetrics } from './start-metrics.ts';

describe('StartMetrics', () => {
  it('counts tries and failures, of containers by their kind and what went wrong', async () => {
    const metrics = new Metrics();
    const starts = new StartMetrics(metrics);
    for (let tries = 0; tries < 2; tries += 1) starts.podStarts();
    starts.podFailed();
    for (const kind of ['main', 'init', 'ephemeral'] as const) starts.containerStarts(kind);
    starts.containerFailed('init', 'ErrImagePull');
    const text = await metrics.text();
    for (const line of [
      'kubelet_started_pods_total 2',
      'kubelet_started_pods_errors_total 1',
      'kubelet_started_containers_total{container_type="container"} 1',
      'kubelet_started_containers_total{container_type="init_container"} 1',
      'kubelet_started_containers_total{container_type="ephemeral_container"} 1',
      'kubelet_started_containers_errors_total{container_type="init_container",code="ErrImagePull"} 1',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  });
});
