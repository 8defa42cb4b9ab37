import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../api/types/core/v1.ts';
import { Metrics } from '../base/metrics.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import type { Cached, ObjectChange } from '../client/object-cache.ts';
import { registerKubeletMetrics } from './kubelet-metrics.ts';
import { nothingObserved } from './model/pod.ts';

describe('figures of a kubelet', () => {
  function start() {
    const [metrics, clock] = [new Metrics(), new FakeClock()];
    let tell: (change: ObjectChange<Pod>) => void = () => {};
    registerKubeletMetrics(metrics, {
      nodeName: 'node-1',
      observed: { get: () => nothingObserved, uids: () => [] },
      pods: {
        onChange: (listener) => {
          tell = listener;
        },
      },
      clock,
    });
    return { metrics, clock, tell: (change: ObjectChange<Pod>) => tell(change) };
  }

  const podIn = (phase?: string): Cached<Pod> => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' },
    ...(phase !== undefined && { status: { phase } }),
  });

  it('name the node, and say so when nothing runs', async () => {
    const text = await start().metrics.text();
    assert.match(text, /^kubelet_node_name\{node="node-1"\} 1$/m);
    assert.match(text, /^kubelet_running_pods 0$/m);
    for (const state of ['created', 'running', 'exited'])
      assert.match(text, new RegExp(`^kubelet_running_containers\\{container_state="${state}"\\} 0$`, 'm'));
  });

  it('time a pod from its first sight until it runs, once', async () => {
    const { metrics, clock, tell } = start();
    tell({ type: 'added', next: podIn() });
    await clock.advance(2_000);
    tell({ type: 'updated', previous: podIn(), next: podIn('Pending') });
    await clock.advance(1_500);
    tell({ type: 'updated', previous: podIn('Pending'), next: podIn('Running') });
    tell({ type: 'updated', previous: podIn('Running'), next: podIn('Running') });
    const text = await metrics.text();
    assert.match(text, /^kubelet_pod_start_duration_seconds_sum 3\.5$/m);
    assert.match(text, /^kubelet_pod_start_duration_seconds_count 1$/m);
  });

  it('tell nothing of pods that ran before, or never do', async () => {
    const { metrics, tell } = start();
    tell({ type: 'added', next: podIn('Running') });
    tell({ type: 'added', next: podIn() });
    tell({ type: 'deleted', previous: podIn() });
    tell({ type: 'added', next: podIn('Running') });
    assert.match(await metrics.text(), /^kubelet_pod_start_duration_seconds_count 0$/m);
  });
});
