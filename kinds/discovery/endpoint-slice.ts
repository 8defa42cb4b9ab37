/** EndpointSlices: addresses behind a Service, at most a thousand in each slice. */

import { checkIp, parseIp } from '../../api/net.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { checkSpecialIp } from '../../api/special-ip.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';
import {
  checkDns1123Label,
  checkDns1123Subdomain,
  checkLabelValue,
  checkPortNumber,
  checkQualifiedName,
} from '../validation/names.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const maxEndpoints = 1000;
const maxPorts = 20_000;
const maxAddresses = 100;
const maxHints = 8;

function validate(slice: EndpointSlice, errors: FieldErrors): void {
  const { addressType, endpoints = [], ports = [] } = slice;
  const place = FieldPath.of('addressType');
  if (addressType === '') errors.required(place);
  else if (!addressTypes.includes(addressType)) errors.notSupported(place, addressType, addressTypes);
  validateEndpoints(endpoints ?? [], addressType, errors);
  validatePorts(ports ?? [], errors);
}

function validateEndpoints(endpoints: readonly Endpoint[], addressType: string, errors: FieldErrors): void {
  const path = FieldPath.of('endpoints');
  if (endpoints.length > maxEndpoints) {
    errors.tooMany(path, endpoints.length, maxEndpoints);
    return;
  }
  for (const [index, endpoint] of endpoints.entries()) {
    const place = path.index(index);
    validateAddresses(endpoint.addresses ?? [], addressType, place.child('addresses'), errors);
    const { nodeName, deprecatedTopology = {}, hostname } = endpoint;
    if (nodeName !== undefined)
      for (const message of checkDns1123Subdomain(nodeName)) errors.invalid(place.child('nodeName'), nodeName, message);
    for (const [key, value] of Object.entries(deprecatedTopology)) {
      const at = place.child('deprecatedTopology').key(key);
      for (const message of checkQualifiedName(key)) errors.invalid(at, key, message);
      for (const message of checkLabelValue(value)) errors.invalid(at, value, message);
    }
    if (hostname !== undefined)
      for (const message of checkDns1123Label(hostname)) errors.invalid(place.child('hostname'), hostname, message);
    validateHints(endpoint, place.child('hints'), errors);
  }
}

function validateAddresses(
  addresses: readonly string[],
  addressType: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (addresses.length === 0) errors.required(path, 'must contain at least 1 address');
  else if (addresses.length > maxAddresses) errors.tooMany(path, addresses.length, maxAddresses);
  for (const [index, address] of addresses.entries()) {
    const place = path.index(index);
    if (addressType === 'FQDN') {
      for (const message of checkFullName(address)) errors.invalid(place, address, message);
      continue;
    }
    if (addressType !== 'IPv4' && addressType !== 'IPv6') continue;
    const found = checkIp(address);
    for (const message of found) errors.invalid(place, address, message);
    const family = found.length === 0 ? parseIp(address)?.family : undefined;
    // Upstream names the list here, not the address.
    if (family !== undefined && `IPv${family}` !== addressType)
      errors.invalid(path, address, `must be an ${addressType} address`);
    if (family !== undefined) for (const message of checkSpecialIp(address)) errors.invalid(place, address, message);
  }
}

/** A name that says where in the world it is: at least two labels. */
function checkFullName(name: string): string[] {
  const plain = name.replace(/\.$/, '');
  const found = checkDns1123Subdomain(plain);
  return found.length === 0 && !plain.includes('.')
    ? ['should be a domain with at least two segments separated by dots']
    : found;
}

function validateHints({ hints }: Endpoint, path: FieldPath, errors: FieldErrors): void {
  const { forZones = [], forNodes = [] } = hints ?? {};
  if (forZones.length > maxHints) errors.tooMany(path.child('forZones'), forZones.length, maxHints);
  else validateZones(forZones, path.child('forZones'), errors);
  if (forNodes.length > maxHints) {
    errors.tooMany(path.child('forNodes'), forNodes.length, maxHints);
    return;
  }
  for (const [index, { name }] of forNodes.entries()) {
    const place = path.child('forNodes').index(index).child('name');
    if (forNodes.findIndex((one) => one.name === name) < index)
      errors.duplicate(path.child('forNodes').index(index), name);
    for (const message of checkDns1123Subdomain(name)) errors.invalid(place, name, message);
  }
}

function validateZones(zones: readonly { readonly name: string }[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, { name }] of zones.entries()) {
    if (zones.findIndex((one) => one.name === name) < index) errors.duplicate(path.index(index), name);
    for (const message of checkLabelValue(name)) errors.invalid(path.index(index).child('name'), name, message);
  }
}

function validatePorts(ports: readonly EndpointPort[], errors: FieldErrors): void {
  const path = FieldPath.of('ports');
  if (ports.length > maxPorts) {
    errors.tooMany(path, ports.length, maxPorts);
    return;
  }
  const names = new Set<string>();
  for (const [index, { name = '', protocol, port, appProtocol }] of ports.entries()) {
    const place = path.index(index);
    if (names.has(name)) errors.duplicate(place.child('name'), name);
    names.add(name);
    if (name !== '') for (const message of checkDns1123Label(name)) errors.invalid(place.child('name'), name, message);
    if (protocol === undefined) errors.required(place.child('protocol'));
    else if (!protocols.includes(protocol)) errors.notSupported(place.child('protocol'), protocol, protocols);
    if (port !== undefined && port !== 0)
      for (const message of checkPortNumber(port)) errors.invalid(place.child('port'), port, message);
    if (appProtocol !== undefined)
      for (const message of checkQualifiedName(appProtocol))
        errors.invalid(place.child('appProtocol'), appProtocol, message);
  }
}

/** A field of an earlier version, which says nothing in this one. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
}

const maxShown = 3;

/** The first three, and how many more there are. */
function shorten(all: readonly string[], empty: string): string {
  if (all.length === 0) return empty;
  const more = all.length - maxShown;
  return `${all.slice(0, maxShown).join(',')}${more > 0 ? ` + ${more} more...` : ''}`;
}

export const endpointSliceKind = defineKind(endpointSlices, {
  columns: [
    nameColumn,
    textColumn('AddressType', 'What its addresses are.', ({ addressType }) => addressType),
    textColumn('Ports', 'Ports of its addresses.', ({ ports }) =>
      shorten(
        (ports ?? []).map(({ port, name }) => String(port ?? name ?? '')).filter((shown) => shown !== ''),
        '<unset>',
      ),
    ),
    textColumn('Endpoints', 'Its addresses.', ({ endpoints }) =>
      shorten(
        (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
        '<unset>',
      ),
    ),
    ageColumn,
  ],
  strategy: {
    setDefaults({ ports }) {
      for (const port of ports ?? []) {
        port.name ??= '';
        port.protocol ??= 'TCP';
      }
    },
    prepareForCreate: (slice) => dropTopology(slice),
    prepareForUpdate(slice, previous) {
      // What is dropped has been a change all the same.
      const isTopologyNew = (slice.endpoints ?? []).some(({ deprecatedTopology }) => deprecatedTopology !== undefined);
      if (slice.metadata && isTopologyNew)
        Object.assign(slice.metadata, { generation: (previous.metadata.generation ?? 0) + 1 });
      dropTopology(slice);
    },
    generationOf: ({ endpoints, ports, addressType, metadata }) => ({
      endpoints,
      ports,
      addressType,
      metadata: { labels: metadata?.labels },
    }),
    warnings: ({ addressType }, previous) =>
      addressType === 'FQDN' && !previous ? ['spec.addressType: FQDN endpoints are deprecated'] : [],
    metadataOnUpdate: 'both',
    validate: (slice, errors) => validate(slice, errors),
    validateUpdate(next, previous, errors) {
      validateImmutable(next.addressType, previous.addressType, FieldPath.of('addressType'), errors);
    },
  },
});
