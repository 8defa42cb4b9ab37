/** What the node and its pods use in the Prometheus text format, under the names that upstream's kubelet gives it. Pure. */

import { type MetricFamily, type MetricSample, metricsText } from '../../base/metrics-text.ts';
import { type NodeMeasurement, type PodMeasurement, sumOfPod } from './usage-meter.ts';

/** `measurement` undefined: it failed, which is all that there is to say. */
export function resourceMetricsText(measurement: NodeMeasurement | undefined): string {
  const families = measurement === undefined ? [] : usageFamilies(measurement);
  const failed: MetricFamily = {
    name: 'resource_scrape_error',
    help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
    type: 'gauge',
    samples: [{ value: measurement === undefined ? 1 : 0 }],
  };
  return metricsText([...families, failed]);
}

function usageFamilies({ at, machine, pods }: NodeMeasurement): MetricFamily[] {
  const containers = pods.flatMap(({ pod, containers: all }) =>
    all.map(({ name, startedAt, stats }) => ({
      labels: { container: name, namespace: pod.namespace, pod: pod.name },
      startedAt,
      stats,
    })),
  );
  const ofPods = (value: (pod: PodMeasurement) => number): MetricSample[] =>
    pods.map((one) => ({
      labels: { namespace: one.pod.namespace, pod: one.pod.name },
      value: value(one),
      at: one.sandbox?.at ?? at,
    }));
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      samples: containers.map(({ labels, stats }) => ({
        labels,
        value: seconds(stats.cpuNanoseconds),
        at: stats.at,
      })),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      samples: containers.map(({ labels, stats }) => ({ labels, value: stats.workingSetBytes, at: stats.at })),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: containers.map(({ labels, startedAt }) => ({ labels, value: startedAt / 1000 })),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      samples: [{ value: seconds(machine.cpuNanoseconds), at }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      samples: [{ value: machine.workingSetBytes, at }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      samples: ofPods((pod) => seconds(sumOfPod(pod, 'cpuNanoseconds'))),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      samples: ofPods((pod) => sumOfPod(pod, 'workingSetBytes')),
    },
  ];
}

const seconds = (nanoseconds: number): number => nanoseconds / 1e9;
