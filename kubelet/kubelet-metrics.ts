/**
 * The kubelet's own figures, under upstream's names. Labels are this node's name and words of a closed set: nothing that
 * a user could choose.
 */

import type { Pod } from '../api/types/core/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Informer } from '../client/object-cache.ts';
import type { ObservedPods } from './pods/observed-pods.ts';

export interface KubeletFigures {
  readonly nodeName: string;
  readonly observed: Pick<ObservedPods, 'get' | 'uids'>;
  readonly pods: Pick<Informer<Pod>, 'onChange'>;
  readonly clock: Clock;
}

const startBuckets = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900];

export function registerKubeletMetrics(metrics: Metrics, figures: KubeletFigures): void {
  const node = metrics.gauge({ name: 'kubelet_node_name', help: 'The node that this is.', labels: ['node'] });
  node.set({ node: figures.nodeName }, 1);
  registerRunning(metrics, figures);
  registerPodStarts(metrics, figures);
}

function registerRunning(metrics: Metrics, { observed }: KubeletFigures): void {
  const all = () => [...observed.uids()].map((uid) => observed.get(uid));
  metrics.gauge({ name: 'kubelet_running_pods', help: 'Pods that have a running sandbox.' }, (gauge) =>
    gauge.set(all().filter(({ sandboxes }) => sandboxes.some(({ running }) => running)).length),
  );
  const help = 'Containers, by their state.';
  const labels = ['container_state'];
  metrics.gauge({ name: 'kubelet_running_containers', help, labels }, (gauge) => {
    const states = all().flatMap(({ containers }) => containers.map(({ status }) => status.type));
    for (const state of ['created', 'running', 'exited'] as const)
      gauge.set({ container_state: state }, states.filter((one) => one === state).length);
  });
}

/** From the first sight of a pod until the API says that it runs; pods that ran before this kubelet tell nothing. */
function registerPodStarts(metrics: Metrics, { pods, clock }: KubeletFigures): void {
  const durations = metrics.histogram({
    name: 'kubelet_pod_start_duration_seconds',
    help: 'Time from the first sight of a pod until it runs.',
    buckets: startBuckets,
  });
  const seenAt = new Map<string, number>();
  pods.onChange((change) => {
    const pod = change.type === 'deleted' ? change.previous : change.next;
    const { uid } = pod.metadata;
    const phase = change.type === 'deleted' ? undefined : (pod.status?.phase ?? 'Pending');
    const since = seenAt.get(uid);
    if (phase === 'Pending') seenAt.set(uid, since ?? clock.monotonic());
    else seenAt.delete(uid);
    if (phase === 'Running' && since !== undefined) durations.observe((clock.monotonic() - since) / 1000);
  });
}
