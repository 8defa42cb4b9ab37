/**
 * The signers of kubernetes.io: what each of them signs, as upstream documents it
 * (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers), and one of
 * Longshore's for the proxies of nodes. Pure.
 */

import { isNodeName } from '../../api/nodes.ts';
import type { CertificateRequestFacts } from '../../base/certificate-request.ts';

export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
export const apiServerClientSigner = 'kubernetes.io/kube-apiserver-client';
export const proxyClientSigner = 'longshore.dev/kube-proxy-client';
export const legacySigner = 'kubernetes.io/legacy-unknown';

export const nodesGroup = 'system:nodes';
export const nodeUserPrefix = 'system:node:';
const proxyUser = 'system:kube-proxy';

type Rule = (facts: CertificateRequestFacts, usages: readonly string[]) => string | undefined;

const rules: Readonly<Record<string, Rule>> = {
  [kubeletClientSigner]: whyNotKubeletClient,
  [kubeletServingSigner]: whyNotKubeletServing,
  [apiServerClientSigner]: (_facts, usages) => whyNotClientUsages(usages),
  [proxyClientSigner]: whyNotProxyClient,
  // Nothing is promised of what it signs, so nothing is asked.
  [legacySigner]: () => undefined,
};

export const isOurSigner = (signerName: string): boolean => Object.hasOwn(rules, signerName);

/** Why the signer does not sign that, in upstream's words; undefined: it does. */
export function whyNotSigned(signerName: string, facts: CertificateRequestFacts, usages: readonly string[]) {
  return whyNotOnePerson(facts) ?? rules[signerName]?.(facts, usages);
}

/** Beyond upstream, which believes the last of several names. */
const whyNotOnePerson = ({ commonNameCount }: CertificateRequestFacts): string | undefined =>
  commonNameCount > 1 ? 'subject has more than one common name' : undefined;

/** The last is beyond upstream: no Node has such a name, but a certificate for it would be good. */
function whyNotNode(facts: CertificateRequestFacts): string | undefined {
  const { commonName } = facts;
  if (!commonName.startsWith(nodeUserPrefix)) return `subject common name does not begin with ${nodeUserPrefix}`;
  if (isNodeName(commonName.slice(nodeUserPrefix.length))) return whyNotOnePerson(facts);
  return 'subject common name is not that of a node: after system:node: it must be a lowercase RFC 1123 subdomain';
}

export function whyNotKubeletClient(facts: CertificateRequestFacts, usages: readonly string[]): string | undefined {
  if (!isOnly(facts.organizations, nodesGroup)) return 'subject organization is not system:nodes';
  return whyNotWithoutNames(facts) ?? whyNotNode(facts) ?? whyNotUsages(usages, 'client auth');
}

/** All proxies are the same user. */
export function whyNotProxyClient(facts: CertificateRequestFacts, usages: readonly string[]): string | undefined {
  if (facts.commonName !== proxyUser) return `subject common name is not ${proxyUser}`;
  if (facts.organizations.length > 0) return 'subject organizations are not allowed';
  return whyNotOnePerson(facts) ?? whyNotWithoutNames(facts) ?? whyNotUsages(usages, 'client auth');
}

function whyNotWithoutNames(facts: CertificateRequestFacts): string | undefined {
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  return facts.uris.length > 0 ? 'URI subjectAltNames are not allowed' : undefined;
}

export function whyNotKubeletServing(facts: CertificateRequestFacts, usages: readonly string[]): string | undefined {
  if (!isOnly(facts.organizations, nodesGroup)) return 'subject organization is not system:nodes';
  if (facts.dnsNames.length + facts.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return whyNotNode(facts) ?? whyNotUsages(usages, 'server auth');
}

const isOnly = (values: readonly string[], wanted: string): boolean => values.length === 1 && values[0] === wanted;

/** Exactly these, with or without the one that only RSA keys need. */
function whyNotUsages(usages: readonly string[], purpose: string): string | undefined {
  const all = [purpose, 'digital signature', 'key encipherment'];
  const given = new Set(usages);
  const isRight = given.has(purpose) && given.has('digital signature') && [...given].every((one) => all.includes(one));
  return isRight ? undefined : `usages did not match [${[...all].sort().join(' ')}]`;
}

function whyNotClientUsages(usages: readonly string[]): string | undefined {
  const allowed = ['client auth', 'digital signature', 'key encipherment'];
  const other = usages.find((usage) => !allowed.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
