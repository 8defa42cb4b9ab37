/** Questions and answers of DNS for tests: made and read by the library, which knows nothing of our own reading and writing. */

import { type Answer, type DecodedPacket, decode, encode, type Question, RECURSION_DESIRED } from 'dns-packet';
import type { Stored } from '../../../api/object.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery/v1.ts';
import type { ClusterView } from '../zone/cluster-view.ts';

export interface Asking {
  readonly id?: number;
  /** By EDNS. */
  readonly udpBytes?: number;
  readonly dnssecOk?: boolean;
}

export function question(
  name: string,
  type: Question['type'],
  { id = 4711, udpBytes, dnssecOk = false }: Asking = {},
): Buffer {
  const opt: Answer = {
    ...{ type: 'OPT', name: '.', extendedRcode: 0, ednsVersion: 0, options: [] },
    ...{ udpPayloadSize: udpBytes ?? 0, flags: dnssecOk ? 0x8000 : 0, flag_do: dnssecOk },
  };
  return encode({
    ...{ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ name, type }] },
    ...(udpBytes !== undefined && { additionals: [opt] }),
  });
}

export interface ReadAnswer {
  readonly packet: DecodedPacket;
  readonly code: number;
  /** `name ttl type data`, sorted. */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
}

export function readAnswer(message: Buffer): ReadAnswer {
  const packet = decode(message);
  const lines = (records: readonly Answer[] = []) => records.filter(({ type }) => type !== 'OPT').map(line);
  return {
    packet,
    code: message.readUInt16BE(2) & 0xf,
    answers: lines(packet.answers),
    authorities: lines(packet.authorities),
    additionals: lines(packet.additionals),
  };
}

function line(record: Answer): string {
  if (record.type === 'OPT') return 'OPT';
  const { name, ttl = 0, type, data } = record;
  const text = Array.isArray(data)
    ? data.join('')
    : typeof data === 'object' && !Buffer.isBuffer(data)
      ? words(data)
      : data;
  return `${name} ${ttl} ${type} ${String(text)}`;
}

const words = (data: object): string => Object.values(data).join(' ');

export interface Cluster {
  readonly services: readonly Stored<Service>[];
  readonly slices: readonly Stored<EndpointSlice>[];
  readonly namespaces: readonly string[];
}

/** Of lists, as informers would have it. */
export function viewOf({ services, slices, namespaces }: Cluster): ClusterView {
  const keyOf = ({ metadata }: Stored): string => `${metadata.namespace}/${metadata.name}`;
  const serviceOf = ({ metadata }: Stored): string =>
    `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`;
  const byKey = new Map(services.map((one) => [keyOf(one), one]));
  const bySlices = new Map(
    slices.map((one) => [serviceOf(one), slices.filter((other) => serviceOf(other) === serviceOf(one))]),
  );
  return {
    version: 1,
    service: (key) => byKey.get(key),
    slices: (key) => bySlices.get(key) ?? [],
    hasNamespace: (name) => namespaces.includes(name),
    servicesAt: (ip) => services.filter(({ spec }) => spec?.clusterIPs?.includes(ip)),
    slicesAt: (ip) =>
      slices.filter(({ endpoints }) => (endpoints ?? []).some(({ addresses }) => addresses.includes(ip))),
  };
}

const identity = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2030-01-01T00:00:00Z' };

export const service = (key: string, spec: Service['spec']): Stored<Service> => {
  const [namespace = '', name = ''] = key.split('/');
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...identity, namespace, name }, spec: { ...spec } };
};

export const slice = (
  key: string,
  endpoints: NonNullable<EndpointSlice['endpoints']>,
  more: Partial<EndpointSlice> = {},
): Stored<EndpointSlice> => {
  const [namespace = '', name = ''] = key.split('/');
  const labels = { 'kubernetes.io/service-name': name };
  return {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', endpoints },
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    ...more,
    metadata: { ...identity, namespace, name: `${name}-1`, labels },
  };
};

export const sampleCluster: Cluster = {
  namespaces: ['default', 'kube-system', 'shop'],
  services: [
    service('default/kubernetes', {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    }),
    service('kube-system/kube-dns', { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [] }),
    service('shop/web', {
      clusterIP: '10.96.7.7',
      clusterIPs: ['10.96.7.7', 'fd00::7'],
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    }),
    service('shop/db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432 }] }),
    service('shop/empty', { clusterIP: 'None', clusterIPs: ['None'] }),
    service('shop/outside', { type: 'ExternalName', externalName: 'Api.Example.com' }),
    service('shop/inside', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
    service('shop/ring', { type: 'ExternalName', externalName: 'ring.shop.svc.cluster.local' }),
    service('shop/too-long', { type: 'ExternalName', externalName: `${'x'.repeat(64)}.example` }),
  ],
  slices: [
    slice('shop/web', [{ addresses: ['10.244.0.9'] }]),
    slice(
      'shop/db',
      [
        { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true } },
        { addresses: ['10.244.2.6'], hostname: 'db-1', conditions: { ready: true } },
        { addresses: ['10.244.3.7'], conditions: { ready: true } },
        { addresses: ['10.244.4.8'], hostname: 'db-9', conditions: { ready: false } },
      ],
      { ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] },
    ),
  ],
};
