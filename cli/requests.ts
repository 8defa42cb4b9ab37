/** Requests that commands share: lists page by page, single objects, as JSON or as tables. */

import type { KubernetesObject, ObjectKey, Stored } from '../api/object.ts';
import { apiVersionOf, qualifiedName, type Resource } from '../api/resource.ts';
import type { Client } from '../client/client.ts';
import { collectionPath, objectPath, queryString } from '../client/resource-path.ts';
import { type Table, tableAccept } from './printers/server-table.ts';

export interface Scope {
  /** undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** How rows of a table are asked for. */
export interface RowOptions {
  /** Whole objects with the rows, for who sorts by them. */
  readonly includeObject?: 'Object' | undefined;
  readonly subresource?: string | undefined;
}

const pageSize = 500;

/** What a command says of an object: `pod/web`, `deployment.apps/web`. */
export const titleOf = ({ kind, group }: Pick<Resource, 'kind' | 'group'>, name: string): string =>
  `${qualifiedName(kind.toLowerCase(), group)}/${name}`;

/** All objects in scope, each with its apiVersion and kind. */
export async function listAll<T extends KubernetesObject>(
  client: Client,
  kind: Resource<T>,
  scope: Scope,
): Promise<Stored<T>[]> {
  const items: Stored<T>[] = [];
  for (let token: string | undefined; ; ) {
    const page = await client.list(kind, { ...scope, limit: pageSize, continue: token });
    items.push(...page.items);
    token = page.metadata.continue;
    if (token === undefined || token === '') return items;
  }
}

/** The answer as it came: a List with its metadata. */
export async function listRaw(
  client: Client,
  kind: Resource,
  { namespace, ...selectors }: Scope,
): Promise<KubernetesObject> {
  const answer = await client.raw('GET', collectionPath(kind, namespace) + queryString(selectors));
  // A list is what this path answers with.
  return JSON.parse(answer.text) as KubernetesObject;
}

export async function listTable(
  client: Client,
  kind: Resource,
  { namespace, ...selectors }: Scope,
  { includeObject }: RowOptions = {},
): Promise<Table> {
  const pages: Table[] = [];
  for (let token: string | undefined; ; ) {
    const query = queryString({ ...selectors, includeObject, limit: pageSize, continue: token });
    const page = await getTable(client, collectionPath(kind, namespace) + query);
    pages.push(page);
    token = page.metadata.continue;
    if (token === undefined || token === '') return joinPages(pages);
  }
}

export const getObjectTable = (
  client: Client,
  kind: Resource,
  key: ObjectKey,
  { includeObject, subresource }: RowOptions = {},
): Promise<Table> => getTable(client, objectPath(kind, key, subresource) + queryString({ includeObject }));

async function getTable(client: Client, path: string): Promise<Table> {
  const { text } = await client.raw('GET', path, { headers: { accept: tableAccept } });
  // A Table is what was accepted.
  return JSON.parse(text) as Table;
}

export function joinPages(pages: readonly Table[]): Table {
  const [first] = pages;
  if (first === undefined) throw new RangeError('No page');
  return { ...first, rows: pages.flatMap((page) => page.rows ?? []) };
}

/** The object with its apiVersion and kind, which the items of a list are sent without. */
export const withType = <T extends KubernetesObject>(kind: Resource, object: T): T => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  ...object,
});
