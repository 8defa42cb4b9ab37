/** `create quota NAME --hard cpu=1,pods=4`. */

import { resourceQuotas } from '../../../../api/resources/core.ts';
import type { ResourceQuota } from '../../../../api/types/core/v1.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { listOf, nameIn, splitPair } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const hard = Object.fromEntries(listOf(args, 'hard').map((pair) => splitPair(pair, 'argument')));
  const scopes = listOf(args, 'scopes');
  const object: ResourceQuota = {
    metadata: { name: nameIn(words) },
    spec: { ...(Object.keys(hard).length > 0 && { hard }), ...(scopes.length > 0 && { scopes }) },
  };
  return { kind: resourceQuotas, object };
}
