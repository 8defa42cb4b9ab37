/**
 * The zone of the cluster, `cluster.local`: what is asked of it, and its answers. Pure.
 *
 *   <domain>                                   SOA, NS
 *   dns-version.<domain>                       TXT: the version of the schema
 *   ns.dns.<domain>                            the address of the DNS itself
 *   [host | _port._protocol.]<service>.<ns>.svc.<domain>
 *   <1-2-3-4>.<ns>.pod.<domain>                an address that is written as a name
 *
 * Names between these have no records, but are there: NODATA, not NXDOMAIN.
 */

import type { AnswerRecord } from '../message/answer-writer.ts';
import { recordTypes } from '../message/wire.ts';
import type { ClusterView } from './cluster-view.ts';
import { addressOfLabel } from './service-endpoints.ts';
import { addressRecord, answerOfService, clusterIpsOf } from './service-records.ts';
import { found, noData, noSuchName, type ZoneAnswer } from './zone-answer.ts';

/** Of the specification: github.com/kubernetes/dns, docs/specification.md. */
const schemaVersion = '1.1.0';

/** CoreDNS' default. A change is seen by who asks again; who keeps answers keeps them for so long. */
export const clusterTtlSeconds = 5;

export interface ZoneQuestion {
  /** In lower case, without those of the domain. */
  readonly labels: readonly string[];
  readonly type: number;
  readonly turn: number;
}

export interface ZoneOptions {
  /** Without a dot at its end, in lower case. */
  readonly domain: string;
  /** `namespace/name` of the Service whose address is that of the DNS. */
  readonly dnsService: string;
}

export function answerInCluster(question: ZoneQuestion, view: ClusterView, options: ZoneOptions): ZoneAnswer {
  const { labels, type } = question;
  const { domain } = options;
  const [last] = labels.slice(-1);
  switch (last) {
    case undefined:
      return apex(type, view, options);
    case 'svc':
      return below(question, view, options);
    case 'pod':
      return pod(question, view, options);
    case 'dns':
      return nameServer(question, view, options);
    case 'dns-version':
      if (labels.length > 1) return noSuchName;
      return type === recordTypes.TXT
        ? found([{ name: `dns-version.${domain}`, ttl: clusterTtlSeconds, type: 'TXT', data: schemaVersion }])
        : noData;
    default:
      return noSuchName;
  }
}

/** Who is responsible for the zone, and how long "no" may be kept; `serial` is the time in seconds. */
export const startOfAuthority = (zone: string, domain: string, serial: number): AnswerRecord => ({
  name: zone,
  ttl: clusterTtlSeconds,
  type: 'SOA',
  data: {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: clusterTtlSeconds,
  },
});

function apex(type: number, view: ClusterView, { domain, dnsService }: ZoneOptions): ZoneAnswer {
  if (type !== recordTypes.NS) return noData;
  const name = `ns.dns.${domain}`;
  return found(
    [{ name: domain, ttl: clusterTtlSeconds, type: 'NS', data: name }],
    dnsAddresses(view, dnsService, name),
  );
}

function nameServer({ labels, type }: ZoneQuestion, view: ClusterView, options: ZoneOptions): ZoneAnswer {
  if (labels.length === 1) return noData;
  if (labels.length > 2 || labels[0] !== 'ns') return noSuchName;
  const all = dnsAddresses(view, options.dnsService, `ns.dns.${options.domain}`);
  return found(all.filter((one) => recordTypes[one.type] === type));
}

function dnsAddresses(view: ClusterView, dnsService: string, name: string): AnswerRecord[] {
  const service = view.service(dnsService);
  return service === undefined ? [] : clusterIpsOf(service).map((ip) => addressRecord(name, ip, clusterTtlSeconds));
}

function below({ labels, type, turn }: ZoneQuestion, view: ClusterView, { domain }: ZoneOptions): ZoneAnswer {
  if (labels.length === 1) return noData;
  const [namespace = ''] = labels.slice(-2);
  const [service] = labels.slice(-3, -2);
  if (service === undefined) return view.hasNamespace(namespace) ? noData : noSuchName;
  const object = view.service(`${namespace}/${service}`);
  if (object === undefined) return noSuchName;
  return answerOfService(object, view, {
    host: labels.slice(0, -3),
    type,
    name: [...labels, domain].join('.'),
    serviceName: `${service}.${namespace}.svc.${domain}`,
    ttl: clusterTtlSeconds,
    turn,
  });
}

function pod({ labels, type }: ZoneQuestion, view: ClusterView, { domain }: ZoneOptions): ZoneAnswer {
  if (labels.length === 1) return noData;
  const [namespace = ''] = labels.slice(-2);
  if (labels.length > 3 || !view.hasNamespace(namespace)) return noSuchName;
  if (labels.length === 2) return noData;
  const known = addressOfLabel(labels[0] ?? '');
  if (known === undefined) return noSuchName;
  const wanted = known.family === 4 ? recordTypes.A : recordTypes.AAAA;
  return type === wanted
    ? found([addressRecord([...labels, domain].join('.'), known.address, clusterTtlSeconds)])
    : noData;
}
