/** What is measured of NetworkPolicies on a node. */

import type { Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import type { NftProgram } from '../nftables/nft-program.ts';

export class PolicyMetrics {
  readonly #policies: Gauge;
  readonly #isolated: Gauge;
  readonly #duration: Histogram;

  constructor(metrics: Metrics) {
    this.#policies = metrics.gauge({
      name: 'longshore_network_policies',
      help: 'NetworkPolicies of the cluster that are in force on this node',
    });
    this.#isolated = metrics.gauge({
      name: 'longshore_network_policy_isolated_pods',
      help: 'Pods of this node some of whose connections are refused, by direction',
      labels: ['direction'],
    });
    this.#duration = metrics.histogram({
      name: 'longshore_network_policy_sync_duration_seconds',
      help: 'Time that computing and applying the rules of NetworkPolicies took',
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    });
  }

  /** `program` is undefined when there are no policies. */
  observe(policies: number, program: NftProgram | undefined, durationMs?: number): void {
    this.#policies.set(policies);
    for (const direction of ['ingress', 'egress'])
      this.#isolated.set({ direction }, program?.maps.get(direction)?.size ?? 0);
    if (durationMs !== undefined) this.#duration.observe(durationMs / 1000);
  }
}
