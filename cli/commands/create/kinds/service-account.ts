/** `create serviceaccount NAME`. */

import { serviceAccounts } from '../../../../api/resources/core.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export const make = ({ words }: CreateInput): Wanted => ({
  kind: serviceAccounts,
  object: { metadata: { name: nameIn(words) } },
});
