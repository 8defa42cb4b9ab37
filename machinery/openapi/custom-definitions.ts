/**
 * What documents say of custom kinds: the schema of their definition, made whole with what every object has. As upstream
 * publishes it; what Swagger 2 cannot say, and kubectl would stumble over, is left out of version 2. Pure.
 */

import type { CustomDescription, DescribedResource } from '../schema/described-resource.ts';
import { isSchema, type JsonSchema as Schema } from '../structural/json-schema.ts';
import type { Descriptions } from './descriptions.ts';
import type { Entry } from './document.ts';
import { type Dialect, type JsonSchema, reference } from './json-schema.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const objectMeta = `${meta}.ObjectMeta`;
const listMeta = `${meta}.ListMeta`;
/** What custom kinds refer to. */
export const referredDefinitions: readonly string[] = [objectMeta, listMeta];

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Where lists of a custom kind are described. */
export const listDefinitionOf = ({
  definition,
  listKind,
}: Pick<CustomDescription, 'definition' | 'listKind'>): string => definition.replace(/[^.]+$/, listKind);

export type CustomResource = DescribedResource & { readonly description: CustomDescription };

export const isCustom = (resource: DescribedResource): resource is CustomResource => resource.description !== undefined;

/** Of the objects of a kind, and of lists of them. */
export function customDefinitions(
  resource: CustomResource,
  dialect: Dialect,
  descriptions: Descriptions,
): readonly Entry[] {
  const { definition, listKind } = resource.description;
  const writer = new CustomDefinitionWriter(dialect, descriptions);
  return [
    [definition, () => writer.object(resource)],
    [listDefinitionOf({ definition, listKind }), () => writer.list(resource)],
  ];
}

class CustomDefinitionWriter {
  readonly #dialect: Dialect;
  readonly #sentences: Readonly<Record<string, string>>;

  constructor(dialect: Dialect, descriptions: Descriptions) {
    this.#dialect = dialect;
    // Every kind has the same three.
    this.#sentences = descriptions['io.k8s.api.core.v1.ConfigMap'] ?? {};
  }

  object({ group, version, kind, description }: CustomResource): JsonSchema {
    const gvk = [{ group, kind, version }];
    const schema = description.schema();
    return { ...this.#object(isSchema(schema) ? schema : undefined, description), [kindExtension]: gvk };
  }

  list({ group, version, kind, plural, description: { definition, listKind } }: CustomResource): JsonSchema {
    const { apiVersion, kind: kindField } = this.#typeFields();
    return {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion,
        items: {
          description: `List of ${plural}. More info: ${conventions}`,
          type: 'array',
          items: reference(definition, this.#dialect),
        },
        kind: kindField,
        metadata: this.#metadata(listMeta),
      },
      [kindExtension]: [{ group, kind: listKind, version }],
    };
  }

  /** Where fields may be unknown version 2 names none: clients would take the named ones for all there are. */
  #object(schema: Schema | undefined, { preservesUnknown }: CustomDescription): JsonSchema {
    const isOpen = preservesUnknown || schema?.[preserveExtension] === true;
    if (schema === undefined || (this.#dialect === 'v2' && isOpen)) return { type: 'object' };
    const written = this.#schema(schema);
    return { ...written, properties: { ...propertiesOf(written), ...this.#objectFields() } };
  }

  #schema(schema: Schema): JsonSchema {
    const { properties, items, additionalProperties, ...rest } =
      this.#dialect === 'v2' ? simplified(schema) : unfolded(schema);
    const written: JsonSchema = {
      ...rest,
      ...(properties && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, property]) => [name, this.#schema(property)]),
        ),
      }),
      ...(isSchema(items) && { items: this.#schema(items) }),
      ...(additionalProperties !== undefined && {
        additionalProperties: isSchema(additionalProperties)
          ? this.#schema(additionalProperties)
          : additionalProperties,
      }),
    };
    return this.#isWholeObject(schema) ? this.#embedded(written) : written;
  }

  #isWholeObject(schema: Schema): boolean {
    const isEmptied = this.#dialect === 'v2' && schema[preserveExtension] === true;
    return schema['x-kubernetes-embedded-resource'] === true && !isEmptied;
  }

  #embedded(written: JsonSchema): JsonSchema {
    const required = Array.isArray(written.required) ? written.required : [];
    return {
      ...written,
      required: [...new Set([...required, 'kind', 'apiVersion'])],
      properties: { ...propertiesOf(written), ...this.#objectFields() },
    };
  }

  #objectFields() {
    return { ...this.#typeFields(), metadata: this.#metadata(objectMeta) };
  }

  #typeFields() {
    const { apiVersion, kind } = this.#sentences;
    return {
      apiVersion: { ...(apiVersion && { description: apiVersion }), type: 'string' },
      kind: { ...(kind && { description: kind }), type: 'string' },
    };
  }

  #metadata(definition: string): JsonSchema {
    const list = definition === listMeta ? 'Standard list metadata' : "Standard object's metadata";
    return {
      description: `${list}. More info: ${conventions}#metadata`,
      ...reference(definition, this.#dialect, true),
    };
  }
}

const kindExtension = 'x-kubernetes-group-version-kind';
const preserveExtension = 'x-kubernetes-preserve-unknown-fields';

const propertiesOf = ({ properties }: JsonSchema): object =>
  typeof properties === 'object' && properties !== null ? properties : {};

const intOrString: Schema[] = [{ type: 'integer' }, { type: 'string' }];

/** What `x-kubernetes-int-or-string` means, for whoever does not know it. */
function unfolded(schema: Schema): Schema {
  if (schema['x-kubernetes-int-or-string'] !== true || saysIntOrString(schema)) return schema;
  const { anyOf, allOf } = schema;
  return anyOf === undefined
    ? { ...schema, anyOf: intOrString }
    : { ...schema, allOf: [{ anyOf: intOrString }, ...(allOf ?? [])] };
}

const saysIntOrString = ({ anyOf, allOf }: Schema): boolean =>
  [anyOf, allOf?.[0]?.anyOf].some((choice) => choice?.length === 2 && choice.every(({ type }) => type !== undefined));

/** As version 2 has it: without what holds of one part of the values only; what may be null is anything. */
function simplified(schema: Schema): Schema {
  const { allOf: _all, anyOf: _any, oneOf: _one, not: _not, nullable, ...simple } = schema;
  const preserves = schema[preserveExtension] === true;
  if (nullable === true) delete simple.type;
  if (nullable === true || preserves) {
    delete simple.items;
    delete simple.properties;
  }
  // kubectl cannot read an array whose items are not described, nor an object that says that it is open.
  if ((simple.type === 'array' && simple.items === undefined) || (simple.type === 'object' && preserves))
    delete simple.type;
  const required = requiredOf(simple);
  if (required.length > 0) return { ...simple, required };
  delete simple.required;
  return simple;
}

/** What may be null may be absent, too, to a client that does not know of null. */
function requiredOf({ required = [], properties, additionalProperties }: Schema): string[] {
  if (isSchema(additionalProperties) && additionalProperties.nullable === true) return [];
  return required.filter((name) => properties?.[name]?.nullable !== true);
}
