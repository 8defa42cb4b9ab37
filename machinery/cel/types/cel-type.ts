/**
 * The types of expressions: what the checker reasons about, and how the evaluator reads a value of plain JSON. Types
 * are data; objects are compared by their names, all others by their parts.
 */

export type CelType = PlainType | SizedType | ListType | MapType | ObjectType | OpaqueType | TypeOfType | TypeParameter;

export interface PlainType {
  readonly kind: 'bool' | 'int' | 'uint' | 'double' | 'null' | 'dyn' | 'error' | 'timestamp' | 'duration';
  /** As many characters at most as it has in JSON, where a schema says what it is. */
  readonly maxSize?: number;
}

/** Text or bytes. */
export interface SizedType {
  readonly kind: 'string' | 'bytes';
  /** As many characters or bytes at most, where that is known: it bounds what an expression may cost. */
  readonly maxSize?: number;
}

export interface ListType {
  readonly kind: 'list';
  readonly element: CelType;
  readonly maxSize?: number;
  /** As `x-kubernetes-list-type` has it: two of it are equal, and added up, without regard to order. */
  readonly identity?: 'set' | { readonly keys: readonly string[] };
}

export interface MapType {
  readonly kind: 'map';
  readonly key: CelType;
  readonly value: CelType;
  readonly maxSize?: number;
}

/** Known fields. */
export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** By the name that expressions write; read when first asked for, since definitions refer to each other in circles. */
  readonly fields: ReadonlyMap<string, FieldType>;
}

export interface FieldType {
  readonly type: CelType;
  /** As JSON names it: `x-y` where expressions write `x__dash__y`. Default: the same. */
  readonly property?: string;
}

/** What only functions look into: an optional value, a URL, a quantity, an authorizer. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly name: string;
  readonly parameters: readonly CelType[];
}

/** The type of a type: of `int`, of `type(x)`. */
export interface TypeOfType {
  readonly kind: 'type';
  /** Undefined where it is of any. */
  readonly of?: CelType;
}

/** Stands for one type in the signature of a function, whichever a call brings. */
export interface TypeParameter {
  readonly kind: 'parameter';
  readonly name: string;
}

export const boolType: PlainType = { kind: 'bool' };
export const intType: PlainType = { kind: 'int' };
export const uintType: PlainType = { kind: 'uint' };
export const doubleType: PlainType = { kind: 'double' };
export const nullType: PlainType = { kind: 'null' };
export const dynType: PlainType = { kind: 'dyn' };
export const errorType: PlainType = { kind: 'error' };
export const timestampType: PlainType = { kind: 'timestamp' };
export const durationType: PlainType = { kind: 'duration' };
export const stringType: SizedType = { kind: 'string' };
export const bytesType: SizedType = { kind: 'bytes' };
export const typeType: TypeOfType = { kind: 'type' };

export const listOf = (element: CelType): ListType => ({ kind: 'list', element });
export const mapOf = (key: CelType, value: CelType): MapType => ({ kind: 'map', key, value });
export const opaqueType = (name: string, ...parameters: readonly CelType[]): OpaqueType => ({
  kind: 'opaque',
  name,
  parameters,
});
export const optionalName = 'optional_type';
export const optionalOf = (value: CelType): OpaqueType => opaqueType(optionalName, value);
export const parameter = (name: string): TypeParameter => ({ kind: 'parameter', name });

/** An object whose fields all are named as JSON names them. */
export const objectOf = (name: string, fields: Readonly<Record<string, CelType>>): ObjectType => ({
  kind: 'object',
  name,
  fields: new Map(Object.entries(fields).map(([field, type]) => [field, { type }])),
});

/** What an optional type is an option of; undefined for all others. */
export const optionalValueOf = (type: CelType): CelType | undefined =>
  type.kind === 'opaque' && type.name === optionalName ? (type.parameters[0] ?? dynType) : undefined;

/** As messages of the compiler show it: `list(int)`, `map(string, dyn)`, `null`. */
export function showType(type: CelType): string {
  switch (type.kind) {
    case 'error':
      return '!error!';
    case 'list':
      return `list(${showType(type.element)})`;
    case 'map':
      return `map(${showType(type.key)}, ${showType(type.value)})`;
    case 'object':
    case 'parameter':
      return type.name;
    case 'opaque':
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(showType).join(', ')})`;
    case 'type':
      return type.of === undefined ? 'type' : `type(${showType(type.of)})`;
    default:
      return type.kind;
  }
}

/** As an API server shows what an expression evaluates to: `must evaluate to bool but got null_type`. */
export const showOutputType = (type: CelType): string => (type.kind === 'null' ? 'null_type' : showType(type));
