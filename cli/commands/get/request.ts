/** What `get` was asked for, and how objects and tables of it are read. */

import type { KubernetesObject } from '../../../api/object.ts';
import { qualifiedName } from '../../../api/resource.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import { objectPath } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { Table, TableOptions } from '../../printers/server-table.ts';
import { isWide } from '../../printing.ts';
import {
  getObjectTable,
  joinPages,
  listAll,
  listTable,
  type RowOptions,
  type Scope,
  withType,
} from '../../requests.ts';
import type { Selection } from '../../resources.ts';

export interface GetRequest {
  readonly scope: Scope;
  readonly args: Arguments;
  /** What was named and is not there, as it is found out. */
  readonly missing: StatusError[];
}

/** Undefined, and noted, when it is not there. */
async function unlessMissing<T>(found: Promise<T>, { missing }: Pick<GetRequest, 'missing'>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    missing.push(error);
    return undefined;
  }
}

const isThere = <T>(one: T | undefined): one is T => one !== undefined;

export function tableOptions(
  { kind }: Selection,
  several: boolean,
  { scope, args }: Pick<GetRequest, 'scope' | 'args'>,
): TableOptions {
  return {
    wide: isWide(args),
    withNamespace: scope.namespace === undefined && kind.namespaced,
    withLabels: isSet(args, 'show-labels'),
    labelColumns: textsOf(args, 'label-columns').flatMap((one) => one.split(',')),
    namePrefix: several || isSet(args, 'show-kind') ? `${qualifiedName(kind.kind.toLowerCase(), kind.group)}/` : '',
  };
}

/** Undefined: nothing of it is there. */
export async function readTable(
  client: Client,
  { kind, names }: Selection,
  request: GetRequest,
): Promise<Table | undefined> {
  const { scope, args } = request;
  const options: RowOptions = {
    includeObject: textOf(args, 'sort-by') === undefined ? undefined : 'Object',
    subresource: textOf(args, 'subresource'),
  };
  if (names.length === 0) return await listTable(client, kind, scope, options);
  const read = (name: string) => getObjectTable(client, kind, { namespace: scope.namespace, name }, options);
  const pages = await Promise.all(names.map((name) => unlessMissing(read(name), request)));
  const found = pages.filter(isThere);
  return found.length === 0 ? undefined : joinPages(found);
}

export async function readObjects(
  client: Client,
  { kind, names }: Selection,
  request: GetRequest,
): Promise<KubernetesObject[]> {
  const { scope, args } = request;
  const subresource = textOf(args, 'subresource');
  const read = async (name: string): Promise<KubernetesObject> => {
    const key = { namespace: scope.namespace, name };
    if (subresource === undefined) return await client.get(kind, key);
    const { text } = await client.raw('GET', objectPath(kind, key, subresource));
    const object: KubernetesObject = JSON.parse(text);
    return object;
  };
  const objects =
    names.length === 0
      ? await listAll(client, kind, scope)
      : (await Promise.all(names.map((name) => unlessMissing(read(name), request)))).filter(isThere);
  return objects.map((object) => withType(kind, object));
}
