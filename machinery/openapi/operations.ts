/** The URLs of a kind and what can be done with them, from what the kind says of itself. Not tied to a version of OpenAPI. */

import { apiPathOf, type Subresource, type Verb } from '../../api/resource.ts';
import { compareText } from '../../base/compare.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { openApiFacts } from '../schema/schema.ts';
import { listDefinitionOf } from './custom-definitions.ts';
import type { Entry } from './document.ts';
import type { JsonSchema } from './json-schema.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

export interface Operation {
  readonly method: Method;
  /** With `kind`, absent where no kind is concerned. */
  readonly action?: string;
  readonly operationId: string;
  readonly tag: string;
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly Parameter[];
  /** Definition of the body; patches have one of their own. */
  readonly body?: string | undefined;
  readonly bodyTypes: readonly string[];
  /** Definition of the answer. */
  readonly answer: string;
  readonly answerTypes: readonly string[];
  readonly answerCodes: readonly number[];
}

export interface Path {
  readonly path: string;
  /** Of the path itself, for all its operations. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const patchDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
const statusDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status';
const deleteOptions = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

const text = ['application/json', 'application/yaml'];
const protobuf = 'application/vnd.kubernetes.protobuf';
const strategicMerge = 'application/strategic-merge-patch+json';

interface MediaTypes {
  readonly body: readonly string[];
  readonly patch: readonly string[];
  readonly answer: readonly string[];
}

const published: MediaTypes = {
  body: ['*/*'],
  patch: [
    'application/json-patch+json',
    'application/merge-patch+json',
    strategicMerge,
    'application/apply-patch+yaml',
  ],
  answer: [...text, protobuf],
};
/** Nobody has told how custom resources are written in protobuf, nor how their lists are merged. */
const custom: MediaTypes = {
  body: text,
  patch: published.patch.filter((type) => type !== strategicMerge),
  answer: text,
};

/** Of what describes discovery. */
export const answerMediaTypes = published.answer;

/** What an operation says beyond OpenAPI's own fields. */
export function extensionsOf({ action, kind }: Operation): object {
  return {
    ...(action !== undefined && { 'x-kubernetes-action': action }),
    ...(kind && { 'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version } }),
  };
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});

const pretty = query('pretty', 'string', 'Defaults to "false". "true" indents the answer.');
const nameParameter: Parameter = { name: 'name', in: 'path', type: 'string', description: 'Name of the object.' };
const namespaceParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'Namespace of the object.',
};

const writeParameters: readonly Parameter[] = [
  query('dryRun', 'string', 'All: everything is done but storing the result.'),
  query('fieldManager', 'string', 'Name of who makes this change, at most 128 printable characters.'),
  query('fieldValidation', 'string', 'What unknown and duplicate fields get: Ignore, Warn (the default) or Strict.'),
];
const force = query('force', 'boolean', 'Take fields over that others own. Only for apply patches.');
const listParameters: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Asks a watch for events of type BOOKMARK.'),
  query('continue', 'string', 'Where the previous page of a list ended.'),
  query('fieldSelector', 'string', 'Only objects with these fields.'),
  query('labelSelector', 'string', 'Only objects with these labels.'),
  query('limit', 'integer', 'At most this many objects in one answer.'),
  query('resourceVersion', 'string', 'How new the answer has to be.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'A watch begins with events for what is there.'),
  query('timeoutSeconds', 'integer', 'A list or watch ends after this time.'),
  query('watch', 'boolean', 'Answers with changes, as they happen.'),
];
const deleteParameters: readonly Parameter[] = [
  query('dryRun', 'string', 'All: nothing is deleted.'),
  query('gracePeriodSeconds', 'integer', 'Time until the object is deleted for good.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What happens to dependents: Orphan, Background or Foreground.'),
];

/** All paths of the kinds, in the order of the kinds' own. */
export function* pathsOfKinds(kinds: readonly DescribedResource[]): Generator<Path> {
  const rooted = kinds.map((kind) => ({ kind, root: `${apiPathOf(kind)}/${kind.plural}` }));
  for (const { kind } of rooted.sort((a, b) => compareText(a.root, b.root))) yield* pathsOfKind(kind);
}

/** What stands at each path, made when it is read. */
export function* entriesOf(paths: Iterable<Path>, itemOf: (path: Path) => JsonSchema): Generator<Entry> {
  for (const path of paths) yield [path.path, () => itemOf(path)];
}

/** All paths of one kind, in the order of upstream's documents. */
export function pathsOfKind(kind: DescribedResource): Path[] {
  const root = apiPathOf(kind);
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`;
  const inNamespace = kind.namespaced ? [namespaceParameter, pretty] : [pretty];
  const one = `${collection}/{name}`;
  const paths: Path[] = [
    {
      path: collection,
      parameters: inNamespace,
      operations: operationsOf(kind, ['deletecollection', 'list', 'create']),
    },
    {
      path: one,
      parameters: [nameParameter, ...inNamespace],
      operations: operationsOf(kind, ['delete', 'get', 'patch', 'update']),
    },
    ...kind.subresources.map((subresource) => ({
      path: `${one}/${subresource.name}`,
      parameters: [nameParameter, ...inNamespace],
      operations: operationsOf(kind, subresource.verbs, subresource),
    })),
  ];
  if (kind.namespaced) {
    const list = operationsOf(kind, ['list']).map((operation) => ({
      ...operation,
      operationId: `${operation.operationId.replace('Namespaced', '')}ForAllNamespaces`,
    }));
    paths.push({ path: `${root}/${kind.plural}`, parameters: [pretty], operations: list });
  }
  return paths.filter(({ operations }) => operations.length > 0);
}

const methods: Readonly<Partial<Record<Verb, Method>>> = {
  create: 'post',
  delete: 'delete',
  deletecollection: 'delete',
  get: 'get',
  list: 'get',
  patch: 'patch',
  update: 'put',
};

function operationsOf(kind: DescribedResource, verbs: readonly Verb[], subresource?: Subresource): Operation[] {
  return verbs.flatMap((verb) => {
    const method = methods[verb];
    const isServed = subresource !== undefined || kind.verbs.includes(verb);
    return method === undefined || !isServed ? [] : [operationOf(kind, verb, method, subresource)];
  });
}

function operationOf(
  kind: DescribedResource,
  verb: Verb,
  method: Method,
  subresource: Subresource | undefined,
): Operation {
  const group = groupWord(kind.group);
  const types = kind.description === undefined ? published : custom;
  const about = subresource?.body ?? kind;
  const isOwn = kind.description !== undefined && subresource?.body === undefined;
  const definition = (isOwn ? undefined : definitionOf(about)) ?? nameOf(kind);
  const scope = kind.namespaced ? 'Namespaced' : '';
  const part = subresource === undefined ? '' : capitalized(subresource.name);
  return {
    method,
    action: actions[verb],
    operationId: `${idVerbs[verb]}${capitalized(group)}${capitalized(kind.version)}${verb === 'deletecollection' ? 'Collection' : ''}${scope}${kind.kind}${part}`,
    tag: `${group}_${kind.version}`,
    kind: { group: about.group, version: about.version, kind: about.kind },
    parameters: parametersOf[verb],
    body: bodyOf(verb, definition),
    bodyTypes: verb === 'patch' ? types.patch : types.body,
    answer: answerOf(verb, definition, kind),
    answerTypes: types.answer,
    answerCodes: verb === 'create' ? [200, 201, 202] : verb === 'update' || verb === 'patch' ? [200, 201] : [200],
  };
}

const actions: Readonly<Record<Verb, string>> = {
  create: 'post',
  delete: 'delete',
  deletecollection: 'deletecollection',
  get: 'get',
  list: 'list',
  patch: 'patch',
  update: 'put',
  watch: 'watch',
};
const idVerbs: Readonly<Record<Verb, string>> = {
  create: 'create',
  delete: 'delete',
  deletecollection: 'delete',
  get: 'read',
  list: 'list',
  patch: 'patch',
  update: 'replace',
  watch: 'watch',
};
const parametersOf: Readonly<Record<Verb, readonly Parameter[]>> = {
  create: writeParameters,
  delete: deleteParameters,
  deletecollection: [...deleteParameters, ...listParameters.filter(({ name }) => /Selector|limit|continue/.test(name))],
  get: [],
  list: listParameters,
  patch: [...writeParameters, force],
  update: writeParameters,
  watch: listParameters,
};

function bodyOf(verb: Verb, definition: string): string | undefined {
  if (verb === 'create' || verb === 'update') return definition;
  if (verb === 'patch') return patchDefinition;
  return verb === 'delete' || verb === 'deletecollection' ? deleteOptions : undefined;
}

function answerOf(verb: Verb, definition: string, kind: DescribedResource): string {
  if (verb === 'delete' || verb === 'deletecollection') return statusDefinition;
  if (verb !== 'list') return definition;
  return kind.description === undefined ? `${nameOf(kind)}List` : listDefinitionOf(kind.description);
}

const nameOf = (kind: DescribedResource): string => kind.description?.definition ?? kind.schema.definition;

interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

let definitionNames: ReadonlyMap<string, string> | undefined;

/** Published; custom kinds are none. */
function definitionOf({ group, version, kind }: KindName): string | undefined {
  definitionNames ??= new Map(
    Object.keys(openApiFacts().definitions)
      .toReversed() // of several the first
      .map((name) => [name.split('.').slice(-3).join('.'), name]),
  );
  return definitionNames.get(`${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`);
}

/** `rbac.authorization.k8s.io` → `rbacAuthorization`, as upstream's operations are named. */
const groupWord = (group: string): string =>
  group === ''
    ? 'core'
    : group.replace(/\.k8s\.io$/, '').replace(/[.-]+(\w?)/g, (_, letter: string) => letter.toUpperCase());

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
