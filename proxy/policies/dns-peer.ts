/**
 * The DNS of the node as policies see it: like the pods that answer in other clusters, of which people write "to pods
 * with `k8s-app: kube-dns` in `kube-system`, port 53".
 */

import { dnsServiceKey } from '../dns/dns-service.ts';
import type { PodFacts } from './pod-facts.ts';

/** One for each address at which the node answers itself. */
export function dnsPeersOf(addresses: readonly string[]): PodFacts[] {
  const [namespace = '', name = ''] = dnsServiceKey.split('/');
  return addresses.map((address) => ({
    namespace,
    name,
    labels: { 'k8s-app': 'kube-dns' },
    address,
    nodeName: '',
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: 'dns-tcp', protocol: 'TCP', port: 53 },
    ],
    createdAt: '',
  }));
}
