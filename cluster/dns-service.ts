/**
 * The Service `kube-system/kube-dns`: its cluster IP is where pods ask for names. It has no selector, so each node answers
 * there itself; a DNS of the user's own takes it over by giving it one.
 */

import { services } from '../api/resources/core.ts';
import { isAlreadyExists, isInvalid } from '../api/status-error.ts';
import type { Service } from '../api/types/core/v1.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';

const name = 'kube-dns';

function dnsService(clusterIP: string): Service {
  return {
    metadata: {
      namespace: 'kube-system',
      name,
      // By these charts and monitoring find it.
      labels: { 'k8s-app': name, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      clusterIP,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    },
  };
}

export interface DnsServiceOptions {
  /** Undefined: the range of cluster IPs is too small to have one. */
  readonly address: string | undefined;
  readonly logger: Logger;
}

/** Idempotent: one that is there is left as it is. */
export async function ensureDnsService(client: Client, { address, logger }: DnsServiceOptions): Promise<void> {
  if (address === undefined) {
    logger.warn('The range of cluster IPs is too small for a DNS');
    return;
  }
  try {
    await client.create<Service>(services, dnsService(address));
  } catch (error) {
    if (isAlreadyExists(error)) return;
    if (!isInvalid(error)) throw error;
    // A Service of this cluster had it before there was a DNS.
    logger.warn('The DNS of the cluster has no address: another Service has the one that pods ask', { address, error });
  }
}
