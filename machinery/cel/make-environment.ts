/** Makes environments, and knows the names of types. */

import type { Declared } from './checker/checker.ts';
import type { Environment, EnvironmentOptions, Library } from './environment.ts';
import { mutationType } from './functions/json-patches.ts';
import { functionsOf } from './functions/libraries.ts';
import { opaqueNames } from './functions/signature.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  type ObjectType,
  opaqueType,
  optionalOf,
  stringType,
  timestampType,
  typeType,
  uintType,
} from './types/cel-type.ts';

const namedTypes: readonly (readonly [string, CelType])[] = [
  ['bool', boolType],
  ['int', intType],
  ['uint', uintType],
  ['double', doubleType],
  ['string', stringType],
  ['bytes', bytesType],
  ['list', listOf(dynType)],
  ['map', mapOf(dynType, dynType)],
  ['null_type', nullType],
  ['type', typeType],
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.Duration', durationType],
  ['optional_type', optionalOf(dynType)],
  ...opaqueNames.map((name) => [name, opaqueType(name)] as const),
];

/** What the checker goes by is kept beside what users of an environment see. */
const declarations = new WeakMap<Environment, Declared>();

export function makeEnvironment({ variables, libraries = [], constructible = [] }: EnvironmentOptions): Environment {
  const environment: Environment = {
    variables,
    libraries,
    constructible,
    extend: (more) => makeEnvironment({ variables: { ...variables, ...more }, libraries, constructible }),
  };
  declarations.set(environment, {
    variables: new Map(Object.entries(variables)),
    types: new NamedTypes(libraries, constructible),
    functions: functionsOf(libraries),
  });
  return environment;
}

export function declaredIn(environment: Environment): Declared {
  const declared = declarations.get(environment);
  if (declared === undefined) throw new Error('an environment is made by makeEnvironment');
  return declared;
}

class NamedTypes extends Map<string, CelType> {
  readonly #isMutating: boolean;
  constructor(libraries: readonly Library[], constructible: readonly ObjectType[]) {
    super([...namedTypes, ...constructible.map((type) => [type.name, type] as const)]);
    this.#isMutating = libraries.includes('mutation');
  }

  override get(name: string): CelType | undefined {
    return super.get(name) ?? (this.#isMutating ? mutationType(name) : undefined);
  }
}
