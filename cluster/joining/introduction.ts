/** What a cluster says of itself to anybody: the kubeconfig in `kube-public/cluster-info`, in upstream's form. Pure. */

import { dump, load } from 'js-yaml';
import { isRecord } from '../../api/json-record.ts';
import { certificatesOf } from '../../base/pem.ts';
import { authorityHashOf } from './join-token.ts';

export interface ClusterIntroduction {
  /** `https://10.0.0.1:6443`; '' when it does not say. */
  readonly server: string;
  /** PEM: more than one while the authority is replaced; the first signs. */
  readonly authorities: readonly string[];
}

export function introductionData(server: string, authority: string): Record<string, string> {
  const cluster = { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') };
  const config = { apiVersion: 'v1', kind: 'Config', clusters: [{ name: '', cluster }], contexts: [], users: [] };
  return { kubeconfig: dump({ ...config, 'current-context': '', preferences: {} }, { lineWidth: -1 }) };
}

/** Of the ConfigMap, from whomever: nothing of it is trusted, and nothing throws. */
export function readIntroduction(object: unknown): ClusterIntroduction {
  const data = isRecord(object) && isRecord(object.data) ? object.data : {};
  try {
    const config: unknown = load(typeof data.kubeconfig === 'string' ? data.kubeconfig : '');
    const [entry]: unknown[] = isRecord(config) && Array.isArray(config.clusters) ? config.clusters : [];
    const cluster = isRecord(entry) && isRecord(entry.cluster) ? entry.cluster : {};
    const pem = Buffer.from(String(cluster['certificate-authority-data'] ?? ''), 'base64').toString();
    const authorities = certificatesOf(pem);
    for (const one of authorities) authorityHashOf(one); // throws when it is none
    return { server: typeof cluster.server === 'string' ? cluster.server : '', authorities };
  } catch {
    return { server: '', authorities: [] };
  }
}

/** As people type it: `10.0.0.1`, `10.0.0.1:7443`. */
export function serverOf({ server }: ClusterIntroduction): string {
  return server.replace(/^https:\/\//, '').replace(/:6443$/, '');
}
