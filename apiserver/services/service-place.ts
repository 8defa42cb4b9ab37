/**
 * The way from the API server to what is behind a Service: an endpoint that is ready, by the server's own caches, so that
 * it needs no proxy on its host. Never to that host itself: what listens there trusts whoever can reach it.
 */

import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { goQuote } from '../../api/go-text.ts';
import { serviceNameLabel } from '../../api/labels.ts';
import type { ObjectKey } from '../../api/object.ts';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { isForeignAddress } from '../../api/special-ip.ts';
import { notFound, StatusError, serviceUnavailable } from '../../api/status-error.ts';
import type { Service, ServicePort } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export interface Place {
  /** An address, or a name that is to be judged as it is resolved (`judgedLookup(isForeignAddress)`). */
  readonly host: string;
  readonly port: number;
}

/** A name is judged as it is resolved. */
export const mayBeForeign = (host: string): boolean => isIP(host) === 0 || isForeignAddress(host);

/**
 * One of the ready endpoints behind a port of the Service, any. `port`: a number or a name; empty: the only one. Throws
 * NotFound when nobody has written endpoints, ServiceUnavailable when none is ready.
 */
export async function endpointOf(
  objects: ObjectReader,
  { spec }: DeepReadonly<Service>,
  key: ObjectKey,
  port: string,
): Promise<Place> {
  const ports = spec?.ports ?? [];
  const wanted = port === '' && ports.length === 1 ? ports[0] : portOf(ports, port);
  if (wanted === undefined && /^\d+$/.test(port)) throw noPort(port, key.name);
  const slices = await objects.all(endpointSlices, {
    namespace: key.namespace,
    matches: ({ labels }) => labels[serviceNameLabel] === key.name,
  });
  // A slice of a Service without pods has null in both places.
  const places = slices.flatMap(({ endpoints, ports: slicePorts }) => {
    const number = slicePorts?.find(({ name = '' }) => name === (wanted?.name ?? ''))?.port;
    if (number === undefined || wanted === undefined) return [];
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.flatMap(({ addresses }) => addresses.filter(mayBeForeign).map((host) => ({ host, port: number })));
  });
  if (slices.length === 0) throw notFound(services, key.name);
  const place = places.length > 0 ? places[randomInt(places.length)] : undefined;
  if (place === undefined) throw noEndpoints(key.name);
  return place;
}

/**
 * Where a client that names a Service by its port's number is sent: an endpoint, or the host that an ExternalName
 * stands for. Throws what upstream says of a Service that is not there or leads nowhere.
 */
export async function placeOfService(objects: ObjectReader, key: ObjectKey, port: number): Promise<Place> {
  const service = await objects.find(services, key);
  if (service === undefined) throw new StatusError(404, 'NotFound', `service ${goQuote(key.name)} not found`);
  const { type, externalName = '', ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') {
    if (port !== 443) throw noPort(String(port), key.name);
    if (!mayBeForeign(externalName)) throw noEndpoints(key.name);
    return { host: externalName, port };
  }
  if (!ports.some((one) => one.port === port)) throw noPort(String(port), key.name);
  try {
    return await endpointOf(objects, service, key, String(port));
  } catch (error) {
    // Endpoints that nobody has written yet are as good as none.
    throw error instanceof StatusError && error.code === 404 ? noEndpoints(key.name) : error;
  }
}

const portOf = (ports: readonly DeepReadonly<ServicePort>[], port: string) =>
  ports.find((one) => one.name === port || String(one.port) === port);

const noPort = (port: string, name: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `no service port ${port} found for service ${goQuote(name)}`);

const noEndpoints = (name: string): StatusError =>
  serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
