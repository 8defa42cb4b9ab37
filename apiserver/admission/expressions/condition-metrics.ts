/** How match conditions of webhooks and policies fare, by upstream's names. */

import type { Metrics } from '../../../base/metrics.ts';
import type { Operation } from '../../registry/admission.ts';

export interface ObservedCondition {
  /** Of the webhook or the policy. */
  readonly name: string;
  readonly kind: 'webhook' | 'ValidatingAdmissionPolicy' | 'MutatingAdmissionPolicy';
  readonly type: 'admit' | 'validating' | 'validate';
  readonly operation: Operation;
}

export class ConditionMetrics {
  readonly #errors;
  readonly #exclusions;

  constructor(metrics: Metrics) {
    const labels = ['name', 'kind', 'type', 'operation'];
    this.#errors = metrics.counter({
      ...{ name: 'apiserver_admission_match_condition_evaluation_errors_total', labels },
      help: 'Admission match condition evaluation errors count, identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).',
    });
    this.#exclusions = metrics.counter({
      ...{ name: 'apiserver_admission_match_condition_exclusions_total', labels },
      help: 'Admission match condition evaluation exclusions count, identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or policy), operation and admission type (validate or admit).',
    });
  }

  failed({ name, kind, type, operation }: ObservedCondition): void {
    this.#errors.inc({ name, kind, type, operation });
  }

  excluded({ name, kind, type, operation }: ObservedCondition): void {
    this.#exclusions.inc({ name, kind, type, operation });
  }
}
