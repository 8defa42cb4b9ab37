/** The kind of one served version of a CustomResourceDefinition. Its schema is compiled when somebody needs it. Pure. */

import type { KubernetesObject } from '../../api/object.ts';
import type { Verb } from '../../api/resource.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../api/types/apiextensions/v1.ts';
import { compareVersions } from '../../api/version-order.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { scaleSubresource, statusSubresource } from '../../kinds/define-kind.ts';
import type { Column, Kind, SelectableField, StoredConversion } from '../../kinds/kind.ts';
import { servings } from '../../kinds/served-by.ts';
import { parseJsonPath } from '../../machinery/json/simple-json-path.ts';
import type { CustomDescription } from '../../machinery/schema/described-resource.ts';
import type { StructuralSchema } from '../../machinery/structural/structural-schema.ts';
import type { Found } from '../registry/object-reader.ts';
import { customStrategy } from './custom-strategy.ts';
import { isTrue } from './definition-conditions.ts';
import { definitionIsGone, schemaName } from './definition-schemas.ts';
import { printerColumns } from './printer-columns.ts';
import { scalePaths } from './scale-paths.ts';

type Definition = Found<CustomResourceDefinition>;
type Version = DeepReadonly<CustomResourceDefinitionVersion>;

export interface CustomKindParts {
  /** Absent: its objects are neither read from a store nor written to one. */
  readonly conversion?: StoredConversion;
  schema(): StructuralSchema;
  /** As it is now, if it still is there. The kind does not keep it: it is large, and nearly always asked for nothing. */
  definition(): Definition | undefined;
}

/** As upstream's discovery lists them. */
const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const verbsOfTerminating: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];

export function customKind(definition: Definition, version: Version, parts: CustomKindParts): Kind {
  const { conversion, schema } = parts;
  const { spec, status, metadata } = definition;
  const names = status?.acceptedNames ?? spec.names;
  const { subresources, additionalPrinterColumns } = version;
  const isTerminating = isTrue(definition, 'Terminating');
  const deprecation = deprecationOf(definition, version);
  const selectableFields = (version.selectableFields ?? []).map(({ jsonPath }) => selectableField(jsonPath));
  const scale = scalePaths(spec, version.name);
  let columns: readonly Column<KubernetesObject>[] | undefined;
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    namespaced: spec.scope === 'Namespaced',
    singular: names.singular ?? '',
    shortNames: [...(names.shortNames ?? [])],
    categories: [...(names.categories ?? [])],
    ...(names.listKind && { listKind: names.listKind }),
    servedBy: 'stored',
    verbs: servings.stored.verbs,
    toldVerbs: isTerminating ? verbsOfTerminating : verbs,
    isTerminating,
    subresources: [
      ...(subresources?.status ? [statusSubresource] : []),
      ...(subresources?.scale ? [scaleSubresource] : []),
    ],
    ...(scale && { scale }),
    get columns() {
      columns ??= printerColumns(additionalPrinterColumns);
      return columns;
    },
    selectableFields,
    get schema() {
      return schema().objectSchema;
    },
    strategy: customStrategy({ schema, subresources }),
    ...(conversion && { conversion }),
    madeOf: { id: `${metadata.uid} ${metadata.resourceVersion}`, json: () => JSON.stringify(stillThere(parts)) },
    description: describedBy(definition, version.name, parts),
    ...(deprecation !== undefined && { deprecation }),
  };
}

function stillThere({ definition }: CustomKindParts): Definition {
  const found = definition();
  if (found === undefined) throw definitionIsGone();
  return found;
}

function describedBy(
  { spec, status, metadata }: Definition,
  version: string,
  { definition }: CustomKindParts,
): CustomDescription {
  const names = status?.acceptedNames ?? spec.names;
  return {
    definition: schemaName(spec, version),
    revision: JSON.stringify([metadata.uid, metadata.generation, names]),
    listKind: names.listKind ?? `${names.kind}List`,
    versions: spec.versions.map(({ name }) => name),
    preservesUnknown: spec.preserveUnknownFields ?? false,
    schema: () => definition()?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema,
  };
}

function selectableField(jsonPath: string): SelectableField<KubernetesObject> {
  const find = parseJsonPath(jsonPath);
  return {
    name: jsonPath.replace(/^\./, ''),
    value(object) {
      const value = find?.(object);
      return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
    },
  };
}

function deprecationOf({ spec }: Definition, version: Version): string | undefined {
  if (!version.deprecated) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const { group, names } = spec;
  const [better] = spec.versions
    .filter(({ served, deprecated, name }) => served && !deprecated && compareVersions(name, version.name) < 0)
    .map(({ name }) => name)
    .sort(compareVersions);
  const instead = better === undefined ? '' : `; use ${group}/${better} ${names.kind}`;
  return `${group}/${version.name} ${names.kind} is deprecated${instead}`;
}
