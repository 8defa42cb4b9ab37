/** `api-resources`: what the server serves, as a table. */

import { apiVersionOf, qualifiedName, type ServedResource } from '../../../api/resource.ts';
import { compareText } from '../../../base/compare.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { preferredResources } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const found = (await preferredResources(await context.client())).filter((one) => isMeant(one, args));
  const resources = found.toSorted((one, other) => compareText(sortKey(one, args), sortKey(other, args)));
  const output = textOf(args, 'output');
  if (output === 'name') {
    const names = resources.map(({ plural, group }) => `${qualifiedName(plural, group)}\n`);
    return void context.out.write(names.join(''));
  }
  const isWide = output === 'wide';
  const rows = resources.map((one) => rowOf(one, isWide));
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(isWide ? ['VERBS', 'CATEGORIES'] : [])];
  const shown = isSet(args, 'no-headers') ? rows : [header, ...rows];
  context.out.write(alignColumns(shown, { minWidth: 6, padding: 3 }));
}

const listOf = (args: Arguments, flag: string): string[] => textsOf(args, flag).flatMap((text) => text.split(','));

function isMeant(one: ServedResource, args: Arguments): boolean {
  const group = textOf(args, 'api-group');
  const verbs: readonly string[] = one.verbs;
  return (
    (group === undefined || group === one.group) &&
    (args.namespaced === undefined || args.namespaced === one.namespaced) &&
    listOf(args, 'verbs').every((verb) => verbs.includes(verb)) &&
    listOf(args, 'categories').every((category) => one.categories.includes(category))
  );
}

const sortKey = ({ group, plural, kind }: ServedResource, args: Arguments): string => {
  const by = textOf(args, 'sort-by');
  if (by === 'name') return plural;
  return by === 'kind' ? kind : `${group}/${plural}`;
};

const rowOf = (resource: ServedResource, isWide: boolean): string[] => [
  resource.plural,
  resource.shortNames.join(','),
  apiVersionOf(resource),
  String(resource.namespaced),
  resource.kind,
  ...(isWide ? [[...resource.verbs].sort(compareText).join(','), resource.categories.join(',')] : []),
];
