/**
 * Which of the names that a CustomResourceDefinition asks for it gets: none that another definition of its group has, and
 * never the plural of a kind that is built in. Any other name once accepted is kept until the definition asks for
 * another, or goes. Pure.
 */

import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { DefinitionCondition } from './definition-conditions.ts';
import type { IsOwnPlace } from './own-places.ts';

type Definition = DeepReadonly<CustomResourceDefinition>;
type Names = DeepReadonly<CustomResourceDefinitionNames>;

export interface NamesVerdict {
  /** What `status.acceptedNames` is to be. */
  readonly names: Names;
  readonly condition: DefinitionCondition;
}

const noNames: Names = { plural: '', kind: '' };

/** `all` may hold the definition itself, and those of other groups. */
export function acceptNames(definition: Definition, all: Iterable<Definition>, isOwnPlace: IsOwnPlace): NamesVerdict {
  const { group, names: asked } = definition.spec;
  if (isOwnPlace({ group, plural: asked.plural }))
    return {
      names: noNames,
      condition: namesCondition({ reason: 'PluralConflict', message: inUse(asked.plural) }),
    };
  const accepted = definition.status?.acceptedNames ?? noNames;
  const taken = takenNames(group, all);
  const conflicts: { reason: string; message: string }[] = [];
  const choose = (field: 'plural' | 'singular' | 'kind' | 'listKind', reason: string, used: ReadonlySet<string>) => {
    const wanted = asked[field] ?? '';
    if (wanted === (accepted[field] ?? '') || !used.has(wanted)) return wanted;
    conflicts.push({ reason, message: inUse(wanted) });
    return accepted[field] ?? '';
  };
  const plural = choose('plural', 'PluralConflict', taken.resources);
  const singular = choose('singular', 'SingularConflict', taken.resources);
  const own = new Set(accepted.shortNames);
  const refused = (asked.shortNames ?? []).filter((name) => !own.has(name) && taken.resources.has(name));
  if (refused.length > 0) conflicts.push({ reason: 'ShortNamesConflict', message: aggregate(refused.map(inUse)) });
  const shortNames = refused.length > 0 ? accepted.shortNames : asked.shortNames;
  const kind = choose('kind', 'KindConflict', taken.kinds);
  const listKind = choose('listKind', 'ListKindConflict', taken.kinds);
  const { categories } = asked;
  return {
    names: {
      plural,
      ...(singular !== '' && { singular }),
      ...(shortNames?.length && { shortNames }),
      kind,
      ...(listKind !== '' && { listKind }),
      ...(categories?.length && { categories }),
    },
    // Of several conflicts the last is told.
    condition: namesCondition(conflicts.at(-1)),
  };
}

const namesCondition = (conflict: { reason: string; message: string } | undefined): DefinitionCondition => ({
  type: 'NamesAccepted',
  ...(conflict ? { status: 'False' } : { status: 'True' }),
  ...(conflict ?? { reason: 'NoConflicts', message: 'no conflicts found' }),
});

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

/** As Go prints several errors. */
const aggregate = (messages: readonly string[]): string =>
  messages.length > 1 ? `[${[...new Set(messages)].join(', ')}]` : messages.join();

function takenNames(group: string, all: Iterable<Definition>) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { spec, status } of all) {
    const names = status?.acceptedNames;
    if (spec.group !== group || names === undefined) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const name of [names.kind, names.listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}
