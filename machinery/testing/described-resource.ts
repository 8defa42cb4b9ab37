/** Resources for tests of what knows no kind by name. */

import { allVerbs, type Resource } from '../../api/resource.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { objectSchemaOf } from '../schema/schema.ts';

/** Served in full, with the definition that upstream's facts have of the kind. */
export function describedResource(
  identity: Omit<Resource, 'namespaced'>,
  subresources: DescribedResource['subresources'] = [],
): DescribedResource {
  const { group, version, kind } = identity;
  return {
    ...identity,
    namespaced: true,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources,
    schema: objectSchemaOf(`io.k8s.api.${group === '' ? 'core' : group}.${version}.${kind}`),
  };
}
