/** `create namespace NAME`. */

import { namespaces } from '../../../../api/resources/core.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export const make = ({ words }: CreateInput): Wanted => ({
  kind: namespaces,
  object: { metadata: { name: nameIn(words) } },
});
