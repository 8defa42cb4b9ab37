/** What a LIST or WATCH selects, as the cache wants to hear it. */

import type { Interest } from '../store/resource-cache.ts';
import type { ListOptions } from './list-options.ts';
import type { Target } from './target.ts';

export function interestOf(target: Target, _options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>): Interest {
  return {
    namespace: target.namespace,
    name: target.name === '' ? undefined : target.name,
  };
}
