/** Endpoints: the older list of addresses behind a Service. EndpointSlices have taken its place. */

import { checkIp } from '../../../api/net.ts';
import { endpoints } from '../../../api/resources/core.ts';
import { checkSpecialIp } from '../../../api/special-ip.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind } from '../../define-kind.ts';
import {
  checkDns1123Label,
  checkDns1123Subdomain,
  checkPortNumber,
  checkQualifiedName,
} from '../../validation/names.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

/** In all subsets together; those of larger Services are in EndpointSlices. */
const maxAddresses = 5_000;
const maxPorts = 1_000;

export function validateEndpoints({ subsets = [] }: Endpoints, errors: FieldErrors): void {
  const addressCount = subsets.reduce(
    (sum, { addresses = [], notReadyAddresses = [] }) => sum + addresses.length + notReadyAddresses.length,
    0,
  );
  const portCount = subsets.reduce((sum, { ports = [] }) => sum + ports.length, 0);
  if (addressCount > maxAddresses) errors.tooMany(FieldPath.of('subsets'), addressCount, maxAddresses);
  if (portCount > maxPorts) errors.tooMany(FieldPath.of('subsets'), portCount, maxPorts);
  if (addressCount > maxAddresses || portCount > maxPorts) return;
  for (const [index, subset] of subsets.entries()) {
    const place = FieldPath.of('subsets').index(index);
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    if (addresses.length === 0 && notReadyAddresses.length === 0)
      errors.required(place, 'must specify `addresses` or `notReadyAddresses`');
    for (const [n, address] of addresses.entries()) validateAddress(address, place.child('addresses').index(n), errors);
    for (const [n, address] of notReadyAddresses.entries())
      validateAddress(address, place.child('notReadyAddresses').index(n), errors);
    for (const [n, port] of ports.entries())
      validatePort(port, ports.length > 1, place.child('ports').index(n), errors);
  }
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, place: FieldPath, errors: FieldErrors): void {
  for (const message of checkIp(ip)) errors.invalid(place.child('ip'), ip, message);
  if (hostname)
    for (const message of checkDns1123Label(hostname)) errors.invalid(place.child('hostname'), hostname, message);
  if (nodeName !== undefined)
    for (const message of checkDns1123Subdomain(nodeName)) errors.invalid(place.child('nodeName'), nodeName, message);
  // What has leading zeros is an address here all the same.
  const plain = ip.replace(/(^|\.)0+(?=\d)/g, '$1');
  for (const message of checkSpecialIp(plain)) errors.invalid(place.child('ip'), ip, message);
}

function validatePort(port: EndpointPort, isNamed: boolean, place: FieldPath, errors: FieldErrors): void {
  const { name = '', protocol = '', appProtocol } = port;
  if (isNamed && name === '') errors.required(place.child('name'));
  else if (name !== '')
    for (const message of checkDns1123Label(name)) errors.invalid(place.child('name'), name, message);
  for (const message of checkPortNumber(port.port)) errors.invalid(place.child('port'), port.port, message);
  if (protocol === '') errors.required(place.child('protocol'));
  else if (!protocols.includes(protocol)) errors.notSupported(place.child('protocol'), protocol, protocols);
  if (appProtocol !== undefined)
    for (const message of checkQualifiedName(appProtocol))
      errors.invalid(place.child('appProtocol'), appProtocol, message);
}

/** Addresses that have the same ports stand together, once each. */
function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const byPorts = new Map<
    string,
    { ready: Map<string, EndpointAddress>; unready: Map<string, EndpointAddress>; ports: EndpointPort[] }
  >();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const key = JSON.stringify([...ports].map((port) => [port.name ?? '', port.port, port.protocol ?? '']).sort());
    const group = byPorts.get(key) ?? { ready: new Map(), unready: new Map(), ports: uniquePorts(ports) };
    byPorts.set(key, group);
    for (const address of addresses) group.ready.set(addressKey(address), address);
    for (const address of notReadyAddresses) group.unready.set(addressKey(address), address);
  }
  return [...byPorts.values()].map(({ ready, unready, ports }) => {
    // An address that is not ready anywhere is not ready.
    for (const key of unready.keys()) ready.delete(key);
    return {
      ...(ready.size > 0 && { addresses: [...ready.values()] }),
      ...(unready.size > 0 && { notReadyAddresses: [...unready.values()] }),
      ...(ports.length > 0 && { ports }),
    };
  });
}

const addressKey = ({ ip, targetRef }: EndpointAddress): string => `${ip} ${targetRef?.uid ?? ''}`;

function uniquePorts(ports: readonly EndpointPort[]): EndpointPort[] {
  // Upstream compares application protocols by their places in memory: no two are the same.
  const keyOf = (port: EndpointPort, index: number): string =>
    `${port.name ?? ''} ${port.port} ${port.protocol ?? ''} ${port.appProtocol === undefined ? '' : index}`;
  return [...new Map(ports.map((port, index) => [keyOf(port, index), port])).values()];
}

const maxShown = 3;

function addressesOf({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`)),
  );
  if (all.length === 0) return '<none>';
  const more = all.length - maxShown;
  return `${all.slice(0, maxShown).join(',')}${more > 0 ? ` + ${more} more...` : ''}`;
}

export const endpointsKind = defineKind(endpoints, {
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [
    nameColumn,
    textColumn('Endpoints', 'Addresses that are ready.', (object) => addressesOf(object)),
    ageColumn,
  ],
  strategy: {
    allowCreateOnUpdate: true,
    metadataOnUpdate: 'both',
    setDefaults({ subsets = [] }) {
      for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= 'TCP';
    },
    validate: (object, errors) => validateEndpoints(object, errors),
    canonicalize(object) {
      if (object.subsets && object.subsets.length > 0) object.subsets = repackSubsets(object.subsets);
    },
  },
});
