/** What the two plugins of webhooks need. */

import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import type { ApplyJsonPatch } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { WebhookCaller } from '../../webhooks/webhook-caller.ts';
import type { ConditionParts } from '../expressions/match-conditions.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

export interface WebhookPluginParts extends ConditionParts {
  readonly objects: ObjectReader;
  readonly kinds: Kinds;
  readonly caller: Pick<WebhookCaller, 'call'>;
  readonly applyPatch: ApplyJsonPatch;
  readonly metrics: WebhookMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}
