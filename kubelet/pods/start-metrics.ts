/** How many pods and containers were started, and what came in between, for `/metrics`, under upstream's names and labels. */

import type { Counter } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import type { ContainerKind } from '../runtime/runtime.ts';

const typeNames: Readonly<Record<ContainerKind, string>> = {
  main: 'container',
  init: 'init_container',
  ephemeral: 'ephemeral_container',
};

export class StartMetrics {
  readonly #pods: Counter;
  readonly #podErrors: Counter;
  readonly #containers: Counter;
  readonly #containerErrors: Counter;

  constructor(metrics: Metrics) {
    this.#pods = metrics.counter({
      name: 'kubelet_started_pods_total',
      help: 'Cumulative number of pods started',
    });
    this.#podErrors = metrics.counter({
      name: 'kubelet_started_pods_errors_total',
      help: 'Cumulative number of errors when starting pods',
    });
    this.#containers = metrics.counter({
      name: 'kubelet_started_containers_total',
      help: 'Cumulative number of containers started',
      labels: ['container_type'],
    });
    this.#containerErrors = metrics.counter({
      name: 'kubelet_started_containers_errors_total',
      help: 'Cumulative number of errors when starting containers',
      labels: ['container_type', 'code'],
    });
  }

  /** A try: a sandbox is about to be made. */
  podStarts(): void {
    this.#pods.inc();
  }

  podFailed(): void {
    this.#podErrors.inc();
  }

  /** A try. */
  containerStarts(kind: ContainerKind): void {
    this.#containers.inc({ container_type: typeNames[kind] });
  }

  /** `reason`: one of those of `StartError`. */
  containerFailed(kind: ContainerKind, reason: string): void {
    this.#containerErrors.inc({ container_type: typeNames[kind], code: reason });
  }
}
