/** The messages of the API as protobuf has them: which fields they have, and in which order. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';

/** `[number, name, type, 'optional' | 'repeated']` or `[number, name, 'map', key type, value type]`. */
type FactField = readonly [number, string, string, string, string?];

export interface ProtobufFacts {
  readonly messages: Readonly<Record<string, readonly FactField[]>>;
}

/** Aggregated discovery, of which the facts know nothing. */
const discoveryMessages: ProtobufFacts['messages'] = {
  'apidiscovery.v2.APIGroupDiscoveryList': [
    [1, 'metadata', 'apis.meta.v1.ListMeta', 'optional'],
    [2, 'items', 'apidiscovery.v2.APIGroupDiscovery', 'repeated'],
  ],
  'apidiscovery.v2.APIGroupDiscovery': [
    [1, 'metadata', 'apis.meta.v1.ObjectMeta', 'optional'],
    [2, 'versions', 'apidiscovery.v2.APIVersionDiscovery', 'repeated'],
  ],
  'apidiscovery.v2.APIVersionDiscovery': [
    [1, 'version', 'string', 'optional'],
    [2, 'resources', 'apidiscovery.v2.APIResourceDiscovery', 'repeated'],
    [3, 'freshness', 'string', 'optional'],
  ],
  'apidiscovery.v2.APIResourceDiscovery': [
    [1, 'resource', 'string', 'optional'],
    [2, 'responseKind', 'apis.meta.v1.GroupVersionKind', 'optional'],
    [3, 'scope', 'string', 'optional'],
    [4, 'singularResource', 'string', 'optional'],
    [5, 'verbs', 'string', 'repeated'],
    [6, 'shortNames', 'string', 'repeated'],
    [7, 'categories', 'string', 'repeated'],
    [8, 'subresources', 'apidiscovery.v2.APISubresourceDiscovery', 'repeated'],
  ],
  'apidiscovery.v2.APISubresourceDiscovery': [
    [1, 'subresource', 'string', 'optional'],
    [2, 'responseKind', 'apis.meta.v1.GroupVersionKind', 'optional'],
    [3, 'acceptedTypes', 'apis.meta.v1.GroupVersionKind', 'repeated'],
    [4, 'verbs', 'string', 'repeated'],
  ],
};

let facts: ProtobufFacts | undefined;

/** By name: `core.v1.PodSpec`. Read once, when they are first needed. */
export function protobufFacts(): ProtobufFacts {
  if (facts === undefined) {
    const file = join(packageRoot, 'api/facts/kubernetes-protobuf.json');
    const { messages } = JSON.parse(readFileSync(file, 'utf8')) as ProtobufFacts;
    facts = { messages: { ...messages, ...discoveryMessages } };
  }
  return facts;
}

/** The fields of a message in the order of their numbers; empty when there is no such message. */
export const fieldOrderOf = (message: string): string[] =>
  [...(protobufFacts().messages[message] ?? [])].sort(([a], [b]) => a - b).map(([, name]) => name);
