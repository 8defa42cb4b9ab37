/** What policies decide, by upstream's names. */

import type { Metrics } from '../../../base/metrics.ts';

export type PolicyOutcome = 'allow' | 'deny' | 'warn' | 'audit';

export class PolicyMetrics {
  readonly #checks;

  constructor(metrics: Metrics, type: 'validating' | 'mutating') {
    this.#checks = metrics.counter({
      name: `apiserver_${type}_admission_policy_check_total`,
      help: `${type === 'validating' ? 'Validation' : 'Mutation'} admission policy check total, labeled by policy and further identified by binding and enforcement action taken.`,
      labels: ['policy', 'policy_binding', 'error_type', 'enforcement_action'],
    });
  }

  observe(policy: string, binding: string, action: PolicyOutcome, isError: boolean): void {
    const errorType = isError ? 'invalid_error' : 'no_error';
    this.#checks.inc({ policy, policy_binding: binding, error_type: errorType, enforcement_action: action });
  }
}
