/** The kind NetworkPolicy. */

import { checkCidr, isStrictSubset, parseCidr } from '../../api/net.ts';
import { networkPolicies } from '../../api/resources/networking.ts';
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../api/types/networking/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, formatLabelSelector, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkPortName, checkPortNumber } from '../validation/names.ts';

export const networkPolicyKind = defineKind(networkPolicies, {
  shortNames: ['netpol'],
  columns: [
    nameColumn,
    textColumn('Pod-Selector', 'The pods that it is about.', ({ spec }) => formatLabelSelector(spec?.podSelector)),
    ageColumn,
  ],
  strategy: {
    setDefaults(object) {
      object.spec ??= { podSelector: {} };
      object.spec.podSelector ??= {};
      setSpecDefaults(object.spec);
    },
    generationOf: ({ spec }) => ({ spec }),
    countsEmptyLists: true,
    validate: ({ spec }, errors) => spec && validateSpec(spec, errors),
  },
});

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

function setSpecDefaults(spec: NetworkPolicySpec): void {
  for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of ports) port.protocol ??= 'TCP';
  }
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

function validateSpec(spec: NetworkPolicySpec, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  validateLabelSelector(spec.podSelector, path.child('podSelector'), errors);
  for (const [i, { ports = [], from = [] }] of (spec.ingress ?? []).entries()) {
    const at = path.child('ingress').index(i);
    for (const [n, port] of ports.entries()) validatePort(port, at.child('ports').index(n), errors);
    for (const [n, peer] of from.entries()) validatePeer(peer, at.child('from').index(n), errors);
  }
  for (const [i, { ports = [], to = [] }] of (spec.egress ?? []).entries()) {
    const at = path.child('egress').index(i);
    for (const [n, port] of ports.entries()) validatePort(port, at.child('ports').index(n), errors);
    for (const [n, peer] of to.entries()) validatePeer(peer, at.child('to').index(n), errors);
  }
  validatePolicyTypes(spec.policyTypes ?? [], path.child('policyTypes'), errors);
}

function validatePolicyTypes(types: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (types.length > policyTypes.length) {
    errors.invalid(path, types, 'may not specify more than two policyTypes');
    return;
  }
  for (const [i, type] of types.entries()) {
    if (!policyTypes.includes(type)) errors.notSupported(path.index(i), type, ['Egress', 'Ingress']);
  }
}

function validatePort(one: NetworkPolicyPort, path: FieldPath, errors: FieldErrors): void {
  const { protocol, port, endPort } = one;
  if (protocol !== undefined && !protocols.includes(protocol))
    errors.notSupported(path.child('protocol'), protocol, protocols);
  if (endPort !== undefined && port === undefined)
    errors.invalid(path.child('endPort'), endPort, 'may not be specified when `port` is not specified');
  if (typeof port === 'number') {
    for (const message of checkPortNumber(port)) errors.invalid(path.child('port'), port, message);
    if (endPort === undefined) return;
    if (endPort < port) errors.invalid(path.child('endPort'), port, 'must be greater than or equal to `port`');
    for (const message of checkPortNumber(endPort)) errors.invalid(path.child('endPort'), endPort, message);
  } else if (port !== undefined) {
    if (endPort !== undefined)
      errors.invalid(path.child('endPort'), endPort, 'may not be specified when `port` is non-numeric');
    for (const message of checkPortName(port)) errors.invalid(path.child('port'), port, message);
  }
}

function validatePeer(peer: NetworkPolicyPeer, path: FieldPath, errors: FieldErrors): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  validateLabelSelector(podSelector, path.child('podSelector'), errors);
  validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), errors);
  if (ipBlock !== undefined) validateBlock(ipBlock, path.child('ipBlock'), errors);
  const others = [podSelector, namespaceSelector].filter((one) => one !== undefined).length;
  if (others === 0 && ipBlock === undefined) errors.required(path, 'must specify a peer');
  else if (others > 0 && ipBlock !== undefined) errors.forbidden(path, 'may not specify both ipBlock and another peer');
}

function validateBlock({ cidr = '', except = [] }: IPBlock, path: FieldPath, errors: FieldErrors): void {
  if (cidr === '') {
    errors.required(path.child('cidr'));
    return;
  }
  for (const message of checkCidr(cidr)) errors.invalid(path.child('cidr'), cidr, message);
  const outer = parseCidr(cidr);
  if (outer === undefined) return;
  for (const [i, one] of except.entries()) {
    const at = path.child('except').index(i);
    for (const message of checkCidr(one)) errors.invalid(at, one, message);
    const inner = parseCidr(one);
    if (inner !== undefined && !isStrictSubset(inner, outer))
      errors.invalid(at, one, 'must be a strict subset of `cidr`');
  }
}
