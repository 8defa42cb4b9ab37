/** Discovery in one answer: all groups, versions, resources and subresources at once, with an ETag to ask again cheaply. */

import { createHash } from 'node:crypto';
import yaml from 'js-yaml';
import type { Subresource } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import { encodeProtobuf } from '../../machinery/codec/protobuf-writer.ts';
import type { RemoteApi } from '../aggregation/remote-api.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { type Encoding, mediaTypes, parseAccept } from '../responses/negotiation.ts';
import { sendBytes, writeHead } from '../responses/responses.ts';
import { discoverRemote } from './remote-resources.ts';
import type { GroupVersions, Served, ServedApis } from './served-apis.ts';

const encodings: readonly Encoding[] = ['json', 'yaml', 'protobuf'];

/** In what the client takes the aggregated form; it then gets it, however little it likes it. */
export function wantsAggregated(accept: string): Encoding | undefined {
  if (!accept.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    const { g, v, as } = parameters;
    if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList' || v !== 'v2') continue;
    const encoding = encodings.find((one) => mediaTypes[one] === type);
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}

interface Document {
  readonly body: Buffer | string;
  readonly etag: string;
}

export class AggregatedDiscovery {
  readonly #apis: ServedApis;
  /** Made once for each form, of what there was then. */
  readonly #documents = new Map<string, Document & { readonly served: Served }>();

  constructor(apis: ServedApis) {
    this.#apis = apis;
  }

  async send(request: ApiRequest, groups: 'core' | 'named', encoding: Encoding): Promise<void> {
    await sendDocument(request, this.#document(groups, encoding), encoding);
  }

  #document(groups: 'core' | 'named', encoding: Encoding): Document {
    const id = `${groups} ${encoding}`;
    const served = this.#apis.now;
    let document = this.#documents.get(id);
    if (document?.served !== served) {
      document = { ...makeDocument(served, groups, encoding), served };
      this.#documents.set(id, document);
    }
    return document;
  }
}

async function sendDocument(request: ApiRequest, document: Document, encoding: Encoding): Promise<void> {
  const headers = {
    'content-type': `${mediaTypes[encoding]};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`,
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

function makeDocument(served: Served, groups: 'core' | 'named', encoding: Encoding): Document {
  const list = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: (groups === 'core' ? [{ name: '', versions: ['v1'] }] : served.groups).map((group) =>
      discoverGroup(served, group),
    ),
  };
  const json = JSON.stringify(list);
  const etag = `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`;
  return { body: encode(list, json, encoding), etag };
}

function encode(list: object, json: string, encoding: Encoding): Buffer | string {
  switch (encoding) {
    case 'json':
      return `${json}\n`;
    case 'yaml':
      return yaml.dump(JSON.parse(json), { noRefs: true });
    case 'protobuf':
      return encodeProtobuf({ ...list }) ?? '';
  }
}

const discoverGroup = (served: Served, { name, versions }: GroupVersions) => ({
  metadata: name === '' ? {} : { name },
  versions: versions.map((version) => discoverVersion(served, name, version)),
});

function discoverVersion({ kinds, remotes }: Served, group: string, version: string) {
  const isThis = (one: Kind | RemoteApi) => one.group === group && one.version === version;
  const remote = remotes.find(isThis);
  if (remote !== undefined)
    return { version, resources: discoverRemote(remote), freshness: remote.isFresh ? 'Current' : 'Stale' };
  return { version, resources: kinds.filter(isThis).map(discoverResource), freshness: 'Current' };
}

const discoverResource = (kind: Kind) => ({
  resource: kind.plural,
  // Clients take the group and version of the list where these are empty.
  responseKind: { group: '', version: '', kind: kind.kind },
  scope: kind.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: kind.singular,
  verbs: kind.toldVerbs ?? [...kind.verbs].sort(),
  ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
  ...(kind.categories.length > 0 && { categories: kind.categories }),
  ...(kind.subresources.length > 0 && {
    subresources: kind.subresources.filter(({ isHidden }) => !isHidden).map((sub) => discoverSubresource(kind, sub)),
  }),
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
