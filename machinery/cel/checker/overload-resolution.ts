/** Which overloads of a function a call may mean, by the types of its arguments. */

import type { Overload } from '../functions/function-table.ts';
import { type CelType, dynType } from '../types/cel-type.ts';
import { isSame, TypeMapping } from './type-mapping.ts';

export interface Resolution {
  readonly overloads: readonly Overload[];
  /** Dyn where several may be meant that give different types. */
  readonly result: CelType;
}

export function resolveOverloads(
  candidates: readonly Overload[],
  args: readonly CelType[],
  mapping: TypeMapping,
  newType: () => CelType,
): Resolution | undefined {
  const overloads: Overload[] = [];
  let result: CelType | undefined;
  for (const overload of candidates) {
    if (overload.parameters.length !== args.length) continue;
    const own = withOwnParameters(overload, newType);
    if (!mapping.assign(args, own.parameters)) continue;
    overloads.push(overload);
    const type = mapping.substitute(own.result);
    if (result === undefined) result = type;
    else if (!isSame(result, type)) result = dynType;
  }
  return result && { overloads, result };
}

/** Its parameters of type are its own in each call. */
function withOwnParameters(
  { parameters, result }: Overload,
  newType: () => CelType,
): { readonly parameters: readonly CelType[]; readonly result: CelType } {
  const names = new Set(parameters.flatMap(namesIn));
  if (names.size === 0) return { parameters, result };
  const own = new TypeMapping(new Map([...names].map((name) => [name, newType()])));
  return { parameters: parameters.map((one) => own.substitute(one)), result: own.substitute(result) };
}

function namesIn(type: CelType): readonly string[] {
  switch (type.kind) {
    case 'parameter':
      return [type.name];
    case 'list':
      return namesIn(type.element);
    case 'map':
      return [...namesIn(type.key), ...namesIn(type.value)];
    case 'opaque':
      return type.parameters.flatMap(namesIn);
    default:
      return [];
  }
}
