/** How often pods were judged and how, by upstream's names. */

import { isSameResource } from '../../../api/resource.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { Violation } from './check.ts';
import { formatVersion, type LevelVersion, type Mode } from './level.ts';

/** The release that this server answers as; who names later ones must not make as many metrics. */
const newestVersion = 36;

const requestLabels = ['request_operation', 'resource', 'subresource'];

export class PodSecurityMetrics {
  readonly #evaluations;
  readonly #exemptions;
  readonly #errors;

  constructor(metrics: Metrics) {
    this.#evaluations = metrics.counter({
      name: 'pod_security_evaluations_total',
      help: 'Number of policy evaluations that occurred, not counting ignored or exempt requests.',
      labels: ['decision', 'policy_level', 'policy_version', 'mode', ...requestLabels],
    });
    this.#exemptions = metrics.counter({
      name: 'pod_security_exemptions_total',
      help: 'Number of exempt requests, not counting ignored or out of scope requests.',
      labels: requestLabels,
    });
    this.#errors = metrics.counter({
      name: 'pod_security_errors_total',
      help: 'Number of errors preventing normal evaluation.',
      labels: ['fatal', ...requestLabels],
    });
  }

  evaluated(request: AdmissionRequest, mode: Mode, asked: LevelVersion, violations: readonly Violation[]): void {
    this.#evaluations.inc({
      decision: violations.length === 0 ? 'allow' : 'deny',
      policy_level: asked.level,
      policy_version:
        asked.version !== 'latest' && asked.version > newestVersion ? 'future' : formatVersion(asked.version),
      mode,
      ...labelsOf(request),
    });
  }

  exempted(request: AdmissionRequest): void {
    this.#exemptions.inc(labelsOf(request));
  }

  /** The labels of a namespace could not be read; the request goes on. */
  failed(request: AdmissionRequest): void {
    this.#errors.inc({ fatal: 'false', ...labelsOf(request) });
  }
}

const labelsOf = ({ operation, kind, subresource = '' }: AdmissionRequest) => ({
  request_operation: operation.toLowerCase(),
  resource: isSameResource(pods, kind) ? 'pod' : 'controller',
  subresource,
});
