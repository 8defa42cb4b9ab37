/**
 * Which requests approve themselves. As upstream: a node's client certificate, when its sender may ask for one
 * (`selfnodeclient`, `nodeclient`). Beyond upstream: that of its proxy; and, which upstream leaves to people, the certificate
 * of a kubelet's server, when the node itself asks, for its own name and the addresses of its own Node object, none of which another node had before. Pure.
 */

import { isForeignAddress } from '../../api/special-ip.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { CertificateRequestFacts } from '../../base/certificate-request.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { addressesOf, formOf } from './address-order.ts';
import type { Request } from './request-state.ts';
import {
  kubeletClientSigner,
  kubeletServingSigner,
  nodesGroup,
  nodeUserPrefix,
  proxyClientSigner,
  whyNotKubeletClient,
  whyNotKubeletServing,
  whyNotProxyClient,
} from './signers.ts';

/** Approved if the sender may create this subresource of certificatesigningrequests. */
export interface Recognition {
  readonly subresource: 'selfnodeclient' | 'nodeclient' | 'nodeproxyclient';
  readonly message: string;
  /** Only while there is this Node, and it is not told to go. */
  readonly ofNode?: string;
}

/** In the order in which they are tried. */
export function recognizeClient(request: Request, facts: CertificateRequestFacts): Recognition[] {
  const { spec } = request;
  if (spec.signerName === proxyClientSigner) return recognizeProxy(request, facts);
  if (spec.signerName !== kubeletClientSigner || whyNotKubeletClient(facts, spec.usages ?? []) !== undefined) return [];
  const own: Recognition = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    ofNode: facts.commonName.slice(nodeUserPrefix.length),
  };
  const other: Recognition = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  };
  return spec.username === facts.commonName ? [own, other] : [other];
}

/** Beyond upstream, where a proxy is a pod with an account: that of a node is asked for by the node. */
function recognizeProxy({ spec }: Request, facts: CertificateRequestFacts): Recognition[] {
  const { username = '', groups = [], usages = [] } = spec;
  if (!username.startsWith(nodeUserPrefix) || !groups.includes(nodesGroup)) return [];
  if (whyNotProxyClient(facts, usages) !== undefined) return [];
  const message = 'Auto approving the client certificate of a node for its proxy after SubjectAccessReview.';
  return [{ subresource: 'nodeproxyclient', message, ofNode: username.slice(nodeUserPrefix.length) }];
}

export const servingMessage = 'Auto approving the serving certificate of a node for its own name and addresses.';

export interface ServingQuestion {
  readonly request: Request;
  readonly facts: CertificateRequestFacts;
  readonly nodeNamed: (name: string) => DeepReadonly<Node> | undefined;
  /** Whether another node had the address or name before this one. */
  readonly isAnothers: (address: string, name: string) => boolean;
}

/** Why a person has to decide; undefined: it approves itself. 'not asked': it is no request of a node for its server. */
export function whyNotServing({ request, facts, nodeNamed, isAnothers }: ServingQuestion): string | undefined {
  const { signerName, usages = [], username, groups = [] } = request.spec;
  if (signerName !== kubeletServingSigner) return 'not asked';
  const unsigned = whyNotKubeletServing(facts, usages);
  if (unsigned !== undefined) return unsigned;
  if (username !== facts.commonName || !groups.includes(nodesGroup)) return 'it was not sent by that node';
  const name = facts.commonName.slice(nodeUserPrefix.length);
  const node = nodeNamed(name);
  if (node === undefined) return `there is no node ${name}`;
  const own = new Set(addressesOf(node).map(formOf));
  for (const one of [...facts.dnsNames, ...facts.ipAddresses]) {
    if (isCommonName(one)) return `${one} is a name of the cluster, or of every machine`;
    if (one === name) continue; // Names of nodes are theirs, whoever else has that for an address.
    if (!own.has(formOf(one))) return `${one} is not an address of node ${name}`;
    if (isAnothers(one, name)) return `${one} is another node's as well`;
  }
  return facts.ipAddresses.find((address) => !isForeignAddress(address)) === undefined
    ? undefined
    : 'an address is one that every machine has';
}

/** Names that stand for somebody else, or for anybody: of the API server, of Services, of the own machine, of many. */
function isCommonName(name: string): boolean {
  const labels = formOf(name).split('.');
  const ending = labels.slice(-2).join('.');
  return (
    labels.includes('*') ||
    labels.includes('svc') ||
    ending === 'cluster.local' ||
    labels[0] === 'kubernetes' ||
    labels[0] === 'localhost' ||
    labels.at(-1) === 'localhost'
  );
}
