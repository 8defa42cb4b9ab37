/**
 * Writes `api/types/`: TypeScript's view of the objects that the API speaks, made of the facts in `api/facts/`.
 *
 *   npm run generate          after the facts have changed
 *
 * The files are committed, so that an editor and a reader find them; `generated-types.test.ts` holds them to the facts.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} Schema Of the facts.
 * @property {string} [$ref]
 * @property {string} [type]
 * @property {Schema} [items]
 * @property {Schema} [additionalProperties]
 * @property {Record<string, Schema>} [properties]
 * @property {string[]} [required]
 *
 * @typedef {Map<string, Set<string>>} Imports Names of types by the file that they come from.
 *
 * @typedef {object} File
 * @property {{ type: string, text: string }[]} types
 * @property {Imports} imports
 *
 * @typedef {object} Context
 * @property {string} path
 * @property {Imports} imports
 */

/**
 * Types that are no structs: what their JSON looks like.
 *
 * @type {Readonly<Record<string, string>>}
 */
const written = {
  'io.k8s.api.core.v1.Quantity': 'string',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': '{ [element: string]: FieldsV1 }',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': 'Record<string, unknown>',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'string',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'unknown',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'string | number',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus': 'Record<string, unknown>',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'unknown',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray':
    'JSONSchemaProps | JSONSchemaProps[]',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'JSONSchemaProps | boolean',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': 'JSONSchemaProps | string[]',
};

/**
 * What each file of `api/types/` holds, by its path there: `core/v1.ts`. Pure.
 *
 * @param {Record<string, Schema>} definitions
 * @returns {Map<string, string>}
 */
export function generateTypes(definitions) {
  /** @type {Map<string, File>} */
  const files = new Map();
  for (const [name, definition] of Object.entries(definitions)) {
    const { path, type } = placeOf(name);
    /** @type {File} */
    const file = files.get(path) ?? { types: [], imports: new Map() };
    files.set(path, file);
    const context = { path, imports: file.imports };
    file.types.push({ type, text: declare({ name, type, definition, context }) });
  }
  return new Map([...files].map(([path, file]) => [path, textOf(path, file)]));
}

/**
 * `io.k8s.api.core.v1.Pod` is `Pod` in `core/v1.ts`; what belongs to no group is in `runtime.ts`.
 *
 * @param {string} name
 */
function placeOf(name) {
  const [type = '', version = '', group = ''] = name.split('.').reverse();
  return { path: /^v\d/.test(version) ? `${group}/${version}.ts` : 'runtime.ts', type };
}

/** @param {{ name: string, type: string, definition: Schema, context: Context }} declared */
function declare({ name, type, definition, context }) {
  const alias = Object.hasOwn(written, name) ? written[name] : undefined;
  if (alias !== undefined) return `export type ${type} = ${alias};`;
  const required = new Set(definition.required ?? []);
  const members = Object.entries(definition.properties ?? {}).map(([property, schema]) => {
    const mark = required.has(property) ? '' : '?';
    return `  ${quoted(property)}${mark}: ${typeOf(schema, context)};`;
  });
  return `export interface ${type} {\n${members.join('\n')}\n}`;
}

/**
 * @param {Schema} schema
 * @param {Context} context
 * @returns {string}
 */
function typeOf(schema, context) {
  if (schema.$ref !== undefined) return reference(schema.$ref, context);
  switch (schema.type) {
    case 'array':
      return listOf(typeOf(schema.items ?? {}, context));
    case 'object':
      return schema.additionalProperties
        ? `Record<string, ${typeOf(schema.additionalProperties, context)}>`
        : 'unknown';
    case 'integer':
    case 'number':
      return 'number';
    default:
      return schema.type ?? 'unknown';
  }
}

const listOf = (/** @type {string} */ type) =>
  /[ |]/.test(type) && !type.startsWith('Record<') ? `(${type})[]` : `${type}[]`;

/**
 * @param {string} name
 * @param {Context} context
 */
function reference(name, { path, imports }) {
  const place = placeOf(name);
  if (place.path !== path) {
    const types = imports.get(place.path) ?? new Set();
    imports.set(place.path, types.add(place.type));
  }
  return place.type;
}

const quoted = (/** @type {string} */ property) => (/^[A-Za-z_$][\w$]*$/.test(property) ? property : `'${property}'`);

/**
 * @param {string} path
 * @param {File} file
 */
function textOf(path, { types, imports }) {
  const up = path.includes('/') ? '../' : './';
  const lines = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, names]) => `import type { ${[...names].sort().join(', ')} } from '${up}${from}';`);
  const declared = types.sort((a, b) => (a.type < b.type ? -1 : 1)).map(({ text }) => text);
  return `/** Generated from the facts by \`npm run generate\`: not edited by hand. */\n\n${[
    lines.join('\n'),
    ...declared,
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

/** @returns {Record<string, Schema>} */
export function readDefinitions() {
  return JSON.parse(readFileSync(join(root, 'api/facts/kubernetes-openapi.json'), 'utf8')).definitions;
}

function main() {
  const folder = join(root, 'api/types');
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of generateTypes(readDefinitions())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
