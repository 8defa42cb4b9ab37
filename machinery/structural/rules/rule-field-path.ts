/** The path in a rule's `fieldPath`, and in a selectable field's `jsonPath`: fields and keys of maps, by names only. */

import { isSchema, type JsonSchema } from '../json-schema.ts';

export type RuleFieldPath =
  | {
      /** As field errors name it, below the schema's own place: `a.b[key]`. */
      readonly text: string;
      readonly schema: JsonSchema;
      readonly names: readonly string[];
      readonly problem?: undefined;
    }
  | { readonly problem: string };

export interface FieldPathOptions {
  /** `['a.b']` may stand for a name. Default true. */
  readonly allowsQuotes?: boolean;
}

/** Reads `path`, and follows it into `schema`. */
export function readFieldPath(path: string, schema: JsonSchema, options: FieldPathOptions = {}): RuleFieldPath {
  const { allowsQuotes = true } = options;
  const tokens = path.match(/'(?:[^'\\]|\\.)*'|'.*|[.[\]]|[^.[\]]+/gs) ?? [];
  let at: JsonSchema = schema;
  let text = '';
  const names: string[] = [];
  for (let index = 0; index < tokens.length; ) {
    const step = readStep(tokens, index, allowsQuotes);
    if (step.problem !== undefined) return { problem: step.problem };
    const below = memberOf(at, step.name);
    if (below === undefined) return { problem: 'does not refer to a valid field' };
    if (below.isNamed) text += text === '' ? step.name : `.${step.name}`;
    else text += `[${step.name}]`;
    at = below.schema;
    names.push(step.name);
    index = step.next;
  }
  return { text, schema: at, names };
}

type Step =
  | { readonly name: string; readonly next: number; readonly problem?: undefined }
  | { readonly problem: string };

const early: Step = { problem: 'unexpected end of JSON path' };

function readStep(tokens: readonly string[], index: number, allowsQuotes: boolean): Step {
  const sign = tokens[index];
  const name = tokens[index + 1];
  if (sign === '.') return name === undefined ? early : { name, next: index + 2 };
  if (sign !== '[') return { problem: `expected [ or . but got: ${sign}` };
  if (!allowsQuotes) return { problem: 'array notation is not allowed' };
  if (name === undefined) return early;
  if (name.length < 2 || !name.startsWith("'") || !name.endsWith("'"))
    return { problem: `expected single quoted string but got ${name}` };
  const unquoted = unquote(name);
  if (unquoted === undefined) return { problem: 'invalid string literal' };
  const end = tokens[index + 2];
  if (end === undefined) return early;
  return end === ']' ? { name: unquoted, next: index + 3 } : { problem: `expected ] but got ${end}` };
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

function unquote(token: string): string | undefined {
  let isValid = true;
  const text = token.slice(1, -1).replace(/\\(.)/gs, (_, sign: string) => {
    const meant = escapes[sign];
    if (meant === undefined) isValid = false;
    return meant ?? '';
  });
  return isValid ? text : undefined;
}

interface Below {
  readonly schema: JsonSchema;
  readonly isNamed: boolean;
}

function memberOf({ properties, additionalProperties }: JsonSchema, name: string): Below | undefined {
  if (properties !== undefined && Object.keys(properties).length > 0) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return schema && { schema, isNamed: true };
  }
  return isSchema(additionalProperties) ? { schema: additionalProperties, isNamed: false } : undefined;
}
