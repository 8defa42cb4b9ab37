/**
 * The records below `<service>.<namespace>.svc.<domain>`: addresses, SRV and CNAME. Pure.
 *
 *   []                     the Service: its cluster IPs, or the ready endpoints of a headless one
 *   [host]                 an endpoint, by its hostname or its address
 *   [_port, _protocol]     one of its named ports
 *
 * As the Kubernetes DNS specification 1.1.0 has it, and where that is silent, as CoreDNS' kubernetes plugin does.
 */

import { parseIp } from '../../../api/net.ts';
import { isHeadless } from '../../../api/services.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { AnswerRecord } from '../message/answer-writer.ts';
import { recordTypes } from '../message/wire.ts';
import type { ClusterView } from './cluster-view.ts';
import { type EndpointPort, type NamedEndpoint, readyEndpoints } from './service-endpoints.ts';
import { found, noData, noSuchName, type ZoneAnswer } from './zone-answer.ts';

export interface ServiceQuestion {
  /** In front of the Service's name, in lower case. */
  readonly host: readonly string[];
  readonly type: number;
  /** The whole name that was asked for. */
  readonly name: string;
  /** The Service's name in DNS. */
  readonly serviceName: string;
  readonly ttl: number;
  /** Which of several addresses comes first: counts up with each question. */
  readonly turn: number;
}

/** What a name stands for: one address each, with a port when it is of one. */
interface Target {
  readonly host: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly ports: readonly EndpointPort[];
}

interface PortFilter {
  readonly name: string;
  readonly protocol: string;
}

export function answerOfService(service: Cached<Service>, view: ClusterView, question: ServiceQuestion): ZoneAnswer {
  const { host } = question;
  if (service.spec?.type === 'ExternalName') return host.length === 0 ? externalName(service, question) : noSuchName;
  if (host.length === 0) return ofTargets(targetsOf(service, view, question), undefined, question);
  if (host.length === 1) return ofHost(host[0] ?? '', view, service, question);
  const port = portFilterOf(host);
  return port === undefined ? noSuchName : ofTargets(targetsOf(service, view, question), port, question);
}

/** Those of endpoints have their names as targets, whatever kind of Service it is. */
function ofHost(label: string, view: ClusterView, service: Cached<Service>, question: ServiceQuestion): ZoneAnswer {
  // Between the Service and its ports there is a name without records.
  if (/^_(tcp|udp|sctp)$/.test(label)) return noData;
  const targets = endpointsOf(service, view)
    .filter(({ hostname }) => hostname === label)
    .map((endpoint) => endpointTarget(endpoint, question));
  return ofTargets(targets, undefined, question);
}

/** `_http`, `_tcp`. */
function portFilterOf([port = '', protocol = '', ...more]: readonly string[]): PortFilter | undefined {
  if (more.length > 0 || !/^_./.test(port) || !/^_./.test(protocol)) return undefined;
  return { name: port.slice(1), protocol: protocol.slice(1) };
}

function targetsOf(service: Cached<Service>, view: ClusterView, question: ServiceQuestion): Target[] {
  if (isHeadless(service.spec ?? {}))
    return endpointsOf(service, view).map((endpoint) => endpointTarget(endpoint, question));
  const ports = (service.spec?.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    name: name.toLowerCase(),
    protocol: protocol.toLowerCase(),
    port,
  }));
  return clusterIpsOf(service).flatMap((address) => {
    const family = parseIp(address)?.family;
    return family === undefined ? [] : [{ host: question.serviceName, address, family, ports }];
  });
}

export function clusterIpsOf({ spec }: Cached<Service>): string[] {
  const all = spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? ''];
  return all.filter((ip) => ip !== '' && ip !== 'None');
}

function endpointsOf({ metadata }: Cached<Service>, view: ClusterView): NamedEndpoint[] {
  return view.slices(`${metadata.namespace}/${metadata.name}`).flatMap(readyEndpoints);
}

const endpointTarget = (endpoint: NamedEndpoint, { serviceName }: ServiceQuestion): Target => ({
  host: `${endpoint.hostname}.${serviceName}`,
  address: endpoint.address,
  family: endpoint.family,
  ports: endpoint.ports,
});

function ofTargets(all: readonly Target[], filter: PortFilter | undefined, question: ServiceQuestion): ZoneAnswer {
  const targets = filter === undefined ? all : all.filter(({ ports }) => ports.some((port) => isOf(port, filter)));
  if (targets.length === 0) return noSuchName;
  switch (question.type) {
    case recordTypes.A:
      return addresses(targets, 4, question);
    case recordTypes.AAAA:
      return addresses(targets, 6, question);
    case recordTypes.SRV:
      return services(targets, filter, question);
    default:
      return noData;
  }
}

const isOf = (port: EndpointPort, { name, protocol }: PortFilter): boolean =>
  port.name === name && port.protocol === protocol;

function addresses(targets: readonly Target[], family: 4 | 6, { name, ttl, turn }: ServiceQuestion): ZoneAnswer {
  // Slices may overlap while they are written anew, and one pod may be in several groups of ports.
  const unique = [...new Set(targets.filter((one) => one.family === family).map(({ address }) => address))];
  const first = unique.length === 0 ? 0 : turn % unique.length;
  return found([...unique.slice(first), ...unique.slice(0, first)].map((address) => addressRecord(name, address, ttl)));
}

function services(targets: readonly Target[], filter: PortFilter | undefined, question: ServiceQuestion): ZoneAnswer {
  const { name, ttl } = question;
  const pairs = new Map<string, { readonly target: string; readonly port: number }>();
  const additionals = new Map<string, AnswerRecord>();
  for (const { host, address, ports } of targets) {
    for (const port of ports) {
      if (filter !== undefined && !isOf(port, filter)) continue;
      pairs.set(`${host} ${port.port}`, { target: host, port: port.port });
      additionals.set(`${host} ${address}`, addressRecord(host, address, ttl));
    }
  }
  const weight = Math.max(1, Math.floor(100 / Math.max(1, pairs.size)));
  return found(
    [...pairs.values()].map((pair) => ({ name, ttl, type: 'SRV', data: { priority: 0, weight, ...pair } })),
    [...additionals.values()],
  );
}

export const addressRecord = (name: string, address: string, ttl: number): AnswerRecord => ({
  name,
  ttl,
  type: address.includes(':') ? 'AAAA' : 'A',
  data: address,
});

/** The alias itself; where it leads is asked for by who knows all names. */
function externalName({ spec }: Cached<Service>, { name, ttl, type }: ServiceQuestion): ZoneAnswer {
  const target = (spec?.externalName ?? '').replace(/\.$/, '').toLowerCase();
  if (!isHostname(target) || parseIp(target) !== undefined) return noSuchName;
  const answer = found([{ name, ttl, type: 'CNAME', data: target }]);
  return type === recordTypes.CNAME ? answer : { ...answer, alias: target };
}

/** The API lets labels be longer than DNS does. */
export const isHostname = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
