/** The parameters of a policy's binding: objects of any kind, built-in or custom, by name or by labels. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { apiVersionOf, parseApiVersion } from '../../../api/resource.ts';
import type { ParamKind, ParamRef } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Kind } from '../../../kinds/kind.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';

/** The policy or its binding cannot be used as they are: the policy's failure policy says what that means. */
export class ConfigurationFailure extends Error {
  override readonly name = 'ConfigurationFailure';
}

export interface ParamParts {
  readonly objects: ObjectReader;
  readonly kinds: Kinds;
}

export interface Param {
  /** Names it among all parameters of its kind. */
  readonly id: string;
  /** Null: expressions see none. */
  readonly value: JsonRecord | null;
}

const noParams: readonly Param[] = [{ id: '', value: null }];

/** `namespace`: of the request. One for each time that the policy is to be evaluated. Throws ConfigurationFailure. */
export async function collectParams(
  {
    paramKind,
    paramRef,
    namespace,
  }: {
    readonly paramKind: DeepReadonly<ParamKind> | undefined;
    readonly paramRef: DeepReadonly<ParamRef> | undefined;
    readonly namespace: string;
  },
  { objects, kinds }: ParamParts,
): Promise<readonly Param[]> {
  if (paramKind === undefined || paramRef === undefined) return noParams;
  const kind = kindOf(paramKind, kinds);
  if (kind === undefined) {
    const { apiVersion = '', kind: name = '' } = paramKind;
    throw new ConfigurationFailure(`paramKind kind \`${apiVersion}, Kind=${name}\` not known`);
  }
  const found = await find(kind, paramRef, namespaceFor(kind, paramRef, namespace), objects);
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny')
    throw new ConfigurationFailure('no params found for policy binding with `Deny` parameterNotFoundAction');
  return found.map((object) => ({
    id: `${object.metadata.namespace ?? ''}/${object.metadata.name}`,
    value: { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind },
  }));
}

function kindOf({ apiVersion = '', kind = '' }: DeepReadonly<ParamKind>, kinds: Kinds): Kind | undefined {
  const parsed = parseApiVersion(apiVersion);
  return parsed && kinds.findByName({ ...parsed, kind });
}

function namespaceFor(
  { namespaced }: Kind,
  { namespace: asked = '' }: DeepReadonly<ParamRef>,
  requested: string,
): string | undefined {
  if (!namespaced) {
    if (asked === '') return undefined;
    throw new ConfigurationFailure('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const namespace = asked === '' ? requested : asked;
  if (namespace !== '') return namespace;
  throw new ConfigurationFailure(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

async function find(
  kind: Kind,
  { name = '', selector }: DeepReadonly<ParamRef>,
  namespace: string | undefined,
  objects: ObjectReader,
): Promise<readonly Found<object>[]> {
  if (name !== '') {
    const found = await objects.find(kind, { namespace, name });
    return found === undefined ? [] : [found];
  }
  if (selector === undefined) throw new ConfigurationFailure('one of name or selector must be provided');
  const all = await objects.all(kind, { ...(namespace !== undefined && { namespace }) });
  return all.filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels ?? {}));
}
