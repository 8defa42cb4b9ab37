/** Discovery in one answer: all groups, versions, resources and subresources at once, with an ETag to ask again cheaply. */

import { createHash } from 'node:crypto';
import yaml from 'js-yaml';
import type { Kind, Subresource } from '../../api/kind.ts';
import { kinds } from '../../api/kinds.ts';
import type { ApiRequest } from '../server/api-request.ts';
import { sendBytes, writeHead } from '../server/responses.ts';
import { type GroupVersions, namedGroups } from './discovery.ts';
import { parseAccept } from './negotiation.ts';

type DiscoveryVersion = 'v2' | 'v2beta1';

interface Wanted {
  readonly version: DiscoveryVersion;
  readonly encoding: 'json' | 'yaml';
}

/** Whether the client takes the aggregated form; it then gets it, however little it likes it. */
export function wantsAggregated(accept: string): Wanted | undefined {
  if (!accept.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    const { g, v, as } = parameters;
    if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList' || (v !== 'v2' && v !== 'v2beta1')) continue;
    if (type === 'application/json' || type === 'application/yaml')
      return { version: v, encoding: type === 'application/json' ? 'json' : 'yaml' };
  }
  return undefined;
}

/** Made once for each form: the kinds table does not change while the server runs. */
const documents = new Map<string, { readonly body: string; readonly etag: string }>();

export async function sendAggregated(
  request: ApiRequest,
  groups: 'core' | 'named',
  { version, encoding }: Wanted,
): Promise<void> {
  const id = `${groups} ${version} ${encoding}`;
  const document = documents.get(id) ?? makeDocument(groups, version, encoding);
  documents.set(id, document);
  const headers = {
    'content-type': `application/${encoding};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    etag: document.etag,
    vary: 'Accept',
    'cache-control': 'public',
  };
  if (request.header('if-none-match').includes(document.etag)) {
    writeHead(request, 304, headers);
    request.outgoing.end();
    return;
  }
  await sendBytes(request, 200, document.body, headers);
}

function makeDocument(
  groups: 'core' | 'named',
  version: DiscoveryVersion,
  encoding: 'json' | 'yaml',
): { body: string; etag: string } {
  const list = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: (groups === 'core' ? [{ name: '', versions: ['v1'] }] : namedGroups()).map(discoverGroup),
  };
  const json = JSON.stringify(list);
  const etag = `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`;
  return { body: encoding === 'json' ? `${json}\n` : yaml.dump(JSON.parse(json), { noRefs: true }), etag };
}

const discoverGroup = ({ name, versions }: GroupVersions) => ({
  metadata: name === '' ? {} : { name },
  versions: versions.map((version) => ({
    version,
    resources: kinds.filter((kind) => kind.group === name && kind.version === version).map(discoverResource),
    freshness: 'Current',
  })),
});

const discoverResource = (kind: Kind) => ({
  resource: kind.plural,
  // Clients take the group and version of the list where these are empty.
  responseKind: { group: '', version: '', kind: kind.kind },
  scope: kind.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: kind.singular,
  verbs: [...kind.verbs].sort(),
  ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
  ...(kind.categories.length > 0 && { categories: kind.categories }),
  ...(kind.subresources.length > 0 && { subresources: kind.subresources.map((sub) => discoverSubresource(kind, sub)) }),
});

function discoverSubresource(kind: Kind, { name, verbs, body }: Subresource) {
  const isForeign = body !== undefined && (body.group !== kind.group || body.version !== kind.version);
  const { group, version } = isForeign ? body : { group: '', version: '' };
  return {
    subresource: name,
    responseKind: { group, version, kind: body?.kind ?? kind.kind },
    verbs: [...verbs].sort(),
  };
}
