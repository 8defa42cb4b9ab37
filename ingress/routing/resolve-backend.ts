/** From what an Ingress names as its backend to endpoints: of its own namespace, and of a Service that is there. Pure. */

import { candidatesOf, endpointsOf, protocolOf } from '../../api/endpoint-choice.ts';
import type { Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { IngressBackend } from '../../api/types/networking/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Problem } from '../problem.ts';
import type { Backend } from './route.ts';

export interface ServiceLookup {
  /** By `namespace/name`. */
  service(key: string): Cached<Service> | undefined;
  /** The slices of a Service, by `namespace/name`. */
  slicesOf(key: string): Iterable<Cached<EndpointSlice>>;
}

type Resolved = { readonly backend: Backend } | { readonly problem: Problem };

export function resolveBackend(
  namespace: string,
  { service: named, resource }: DeepReadonly<IngressBackend>,
  lookup: ServiceLookup,
): Resolved {
  if (named === undefined) {
    const { kind = '', name = '' } = resource ?? {};
    return { problem: { reason: 'ResourceBackend', message: `Resource backends are not supported: ${kind} ${name}` } };
  }
  const key = `${namespace}/${named.name}`;
  const service = lookup.service(key);
  if (service === undefined)
    return { problem: { reason: 'ServiceNotFound', message: `The Service ${named.name} does not exist` } };
  const { name: portName, number } = named.port ?? {};
  const wanted = portName ?? number ?? '';
  const { spec = {} } = service;
  const port = (spec.ports ?? []).find((one) => (portName === undefined ? one.port === number : one.name === portName));
  const id = `${key}:${wanted}`;
  if (spec.type === 'ExternalName') {
    // Its ports are optional: a number is what is connected to.
    const at = port?.port ?? number;
    if (at === undefined) return portNotFound(named.name, wanted);
    const address = (spec.externalName ?? '').replace(/\.$/, '').toLowerCase();
    return { backend: { key: id, endpoints: [{ address, port: at }], isExternal: true } };
  }
  if (port === undefined || protocolOf(port.protocol) !== 'TCP') return portNotFound(named.name, wanted);
  const candidates = [...lookup.slicesOf(key)].flatMap(candidatesOf);
  const endpoints = endpointsOf(candidates, port.name ?? '', 'TCP');
  return { backend: { key: `${key}:${port.name ?? port.port}`, endpoints, isExternal: false } };
}

const portNotFound = (service: string, port: string | number): Resolved => ({
  problem: { reason: 'PortNotFound', message: `The Service ${service} has no TCP port ${port}` },
});
