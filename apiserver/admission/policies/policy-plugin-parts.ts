/** What the two plugins of policies need. */

import type { Metrics } from '../../../base/metrics.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { ConditionParts } from '../expressions/match-conditions.ts';

export interface PolicyPluginParts extends ConditionParts {
  readonly objects: ObjectReader;
  readonly kinds: Kinds;
  readonly metrics: Metrics;
}
