/** Which subresources, and resources that are not stored, have a handler of their own. All others are read and written. */

import { kinds } from '../../../api/kinds.ts';
import type { Registries } from '../../registry/registries.ts';
import type { SpecialHandler } from '../resource-handler.ts';
import { createBinding } from './binding.ts';
import { createScaleHandler } from './scale.ts';

export function createSpecialHandlers(registries: Registries): ReadonlyMap<string, SpecialHandler> {
  const binding = createBinding(registries);
  const scale = createScaleHandler();
  const scaled = kinds.filter((kind) => kind.subresources.some(({ name }) => name === 'scale'));
  return new Map<string, SpecialHandler>([
    ['/bindings', binding],
    ['/pods/binding', binding],
    ...scaled.map(({ group, plural }) => [`${group}/${plural}/scale`, scale] as const),
  ]);
}
