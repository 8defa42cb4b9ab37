/**
 * How probes went, for `/metrics/probes`, under upstream's names. Pods are named in the labels: what there is of one
 * goes with it.
 */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import type { PodIdentity } from '../runtime/runtime.ts';

export type ProbeName = 'Startup' | 'Liveness' | 'Readiness';

export interface ProbedContainer {
  readonly pod: PodIdentity;
  readonly container: string;
}

type ProbeLabels = Readonly<Record<'probe_type' | 'container' | 'pod' | 'namespace', string>>;

const results = { success: 'successful', warning: 'successful', failure: 'failed', unknown: 'unknown' } as const;
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class ProbeMetrics {
  readonly #total: Counter;
  readonly #durations: Histogram;
  /** By the pod's uid. */
  readonly #probes = new Map<string, Map<string, ProbeLabels>>();

  constructor(metrics: Metrics) {
    this.#total = metrics.counter({
      name: 'prober_probe_total',
      help: 'Cumulative number of a liveness, readiness or startup probe for a container by result.',
      labels: ['probe_type', 'result', 'container', 'pod', 'namespace', 'pod_uid'],
    });
    this.#durations = metrics.histogram({
      name: 'prober_probe_duration_seconds',
      help: 'Duration in seconds for a probe response.',
      labels: ['probe_type', 'container', 'pod', 'namespace'],
      buckets,
    });
  }

  note(name: ProbeName, { container, pod }: ProbedContainer, answer: ProbeOutcome): void {
    const labels = { probe_type: name, container, pod: pod.name, namespace: pod.namespace };
    this.#remember(pod.uid, labels);
    this.#total.inc({ ...labels, result: results[answer.result], pod_uid: pod.uid });
    // As upstream: what fails says how long nobody answered, which is the time-out mostly.
    if (answer.result !== 'failure') this.#durations.observe(labels, answer.seconds);
  }

  /** Nothing of the pod is asked any more. */
  forget(podUid: string): void {
    for (const labels of this.#probes.get(podUid)?.values() ?? []) {
      for (const result of new Set(Object.values(results))) this.#total.remove({ ...labels, result, pod_uid: podUid });
      this.#durations.remove(labels);
    }
    this.#probes.delete(podUid);
  }

  #remember(podUid: string, labels: ProbeLabels): void {
    const probes = this.#probes.get(podUid) ?? new Map<string, ProbeLabels>();
    this.#probes.set(podUid, probes);
    probes.set(`${labels.probe_type}/${labels.container}`, labels);
  }
}

export interface ProbeOutcome {
  readonly result: keyof typeof results;
  readonly seconds: number;
}
