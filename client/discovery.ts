/**
 * Which resources the server has now, in its own words: custom ones and those of aggregated servers too. The client's
 * counterpart of the API server's registry of kinds.
 */

import type { ServedResource, Subresource, Verb } from '../api/resource.ts';
import type { Client } from './client.ts';

/** Aggregated discovery, as the server sends it: the part that is read here. */
interface Document {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly DiscoveredResource[];
      /** `Stale`: the server behind this version does not answer, and nothing is known of it now. */
      readonly freshness?: string;
    }[];
  }[];
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource?: string;
  readonly verbs: readonly Verb[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly verbs: readonly Verb[];
    readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind?: string };
  }[];
}

/** A resource as discovery names it, and whether its version is the one that its group prefers. */
export interface KnownResource extends ServedResource {
  readonly preferred: boolean;
}

export interface Discovered {
  /** In the server's order: where two groups have a resource of one name, the first is meant. */
  readonly resources: readonly KnownResource[];
  /** `group/version` of what could not be asked: it may have resources that are not listed. */
  readonly stale: readonly string[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

/** Asks the server. Two requests, whatever the number of groups. */
export async function discover(client: Pick<Client, 'raw'>): Promise<Discovered> {
  const documents = await Promise.all(['/api', '/apis'].map((path) => readDocument(client, path)));
  return {
    resources: documents.flatMap(({ items }) => items.flatMap(resourcesOf)),
    stale: documents.flatMap(({ items }) => items.flatMap(staleVersionsOf)),
  };
}

async function readDocument(client: Pick<Client, 'raw'>, path: string): Promise<Document> {
  const { text } = await client.raw('GET', path, { headers: { accept } });
  // The server is trusted to answer with what was accepted.
  return JSON.parse(text) as Document;
}

type Group = Document['items'][number];

function resourcesOf({ metadata, versions }: Group): KnownResource[] {
  return versions.flatMap(({ version, resources = [] }, index) =>
    resources.map((resource) => toResource({ group: metadata?.name ?? '', version, preferred: index === 0 }, resource)),
  );
}

function staleVersionsOf({ metadata, versions }: Group): string[] {
  return versions
    .filter(({ freshness }) => freshness === 'Stale')
    .map(({ version }) => `${metadata?.name ?? ''}/${version}`);
}

function toResource(
  place: Pick<KnownResource, 'group' | 'version' | 'preferred'>,
  found: DiscoveredResource,
): KnownResource {
  const kind = found.responseKind?.kind ?? '';
  return {
    ...place,
    kind,
    plural: found.resource,
    singular: found.singularResource || kind.toLowerCase(),
    namespaced: found.scope === 'Namespaced',
    shortNames: found.shortNames ?? [],
    categories: found.categories ?? [],
    verbs: found.verbs,
    subresources: (found.subresources ?? []).map(toSubresource),
  };
}

function toSubresource({
  subresource,
  verbs,
  responseKind = {},
}: NonNullable<DiscoveredResource['subresources']>[number]): Subresource {
  const { group = '', version = '', kind = '' } = responseKind;
  return { name: subresource, verbs, ...(version !== '' && { body: { group, version, kind } }) };
}
