/** A document of OpenAPI v3, read as `explain` needs it: a kind, and the fields below it. Pure. */

import { isRecord, type JsonRecord, own } from '../../../api/json-record.ts';

export class Schemas {
  readonly #schemas: JsonRecord;

  constructor(document: unknown) {
    const components = isRecord(document) && isRecord(document.components) ? document.components : {};
    this.#schemas = isRecord(components.schemas) ? components.schemas : {};
  }

  /** The schema of a kind; undefined: the document has none. */
  ofKind(wanted: { readonly group: string; readonly version: string; readonly kind: string }): JsonRecord | undefined {
    return Object.values(this.#schemas)
      .filter(isRecord)
      .find((schema) => {
        const kinds: unknown[] = Array.isArray(schema['x-kubernetes-group-version-kind'])
          ? schema['x-kubernetes-group-version-kind']
          : [];
        return kinds.some(
          (one) =>
            isRecord(one) && one.kind === wanted.kind && one.version === wanted.version && one.group === wanted.group,
        );
      });
  }

  /** What the type of a field's objects is for, as its definition says. */
  typeDescription(schema: JsonRecord): unknown {
    const name = referenceOf(schema);
    const target = name === undefined ? schema : own(this.#schemas, name);
    if (!isRecord(target)) return undefined;
    const inner = isRecord(target.items) ? target.items : target.additionalProperties;
    return isRecord(inner) ? this.typeDescription(inner) : target.description;
  }

  /** What is behind references, with the description that stands at the reference, if there is one. */
  resolve(schema: JsonRecord): JsonRecord {
    const name = referenceOf(schema);
    const target = name === undefined ? undefined : own(this.#schemas, name);
    if (!isRecord(target)) return schema;
    const { description } = schema;
    const resolved = this.resolve(target);
    return typeof description === 'string' ? { ...resolved, description } : resolved;
  }

  /** The schema of the objects that a field holds: of the items of a list, the values of a map. */
  inside(schema: JsonRecord): JsonRecord {
    const whole = this.resolve(schema);
    if (isRecord(whole.items)) return this.inside(whole.items);
    if (isRecord(whole.additionalProperties)) return this.inside(whole.additionalProperties);
    return whole;
  }

  fieldsOf(schema: JsonRecord): [string, JsonRecord][] {
    const { properties } = this.inside(schema);
    const fields = isRecord(properties) ? Object.entries(properties) : [];
    return fields.flatMap(([name, field]): [string, JsonRecord][] => (isRecord(field) ? [[name, field]] : []));
  }

  /** `string`, `[]Container`, `map[string]string`. */
  typeOf(schema: JsonRecord): string {
    const name = referenceOf(schema);
    const whole = this.resolve(schema);
    if (isRecord(whole.items)) return `[]${this.typeOf(whole.items)}`;
    if (isRecord(whole.additionalProperties)) return `map[string]${this.typeOf(whole.additionalProperties)}`;
    if (name !== undefined && (whole.type === 'object' || whole.type === undefined))
      return name.split('.').at(-1) ?? '';
    if (Array.isArray(whole.oneOf) || whole['x-kubernetes-int-or-string'] === true) return 'IntOrString';
    if (isRecord(whole.properties)) return 'Object';
    return typeof whole.type === 'string' ? (whole.type === 'object' ? 'Object' : whole.type) : 'Object';
  }
}

function referenceOf(schema: JsonRecord): string | undefined {
  if (typeof schema.$ref === 'string') return schema.$ref.split('/').at(-1);
  const [only] = Array.isArray(schema.allOf) ? schema.allOf : [];
  return isRecord(only) ? referenceOf(only) : undefined;
}
