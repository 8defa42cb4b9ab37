/** Publishes the cluster's root certificate in every namespace, so that what runs there can trust the API server. */

import { isDeepStrictEqual } from 'node:util';
import { configMaps, namespaces } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { isTerminatingNamespaceError } from '../namespaces/namespace-state.ts';

const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
    'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
    'clusters.',
};

const rootCertificateName = 'kube-root-ca.crt';

export interface RootCertificateSettings {
  /** PEM of the authority that signs API servers' certificates; absent: nothing is published. */
  readonly rootCertificate: string | undefined;
}

export function createRootCertificateController(
  { client, informers: shared, controller }: ControllerContext,
  settings: RootCertificateSettings,
): Controller {
  const informers = {
    namespaces: shared.of(namespaces),
    rootCertificates: shared.selected(configMaps, { fieldSelector: `metadata.name=${rootCertificateName}` }),
  };
  const data = { 'ca.crt': settings.rootCertificate ?? '' };

  async function ensurePublished(namespace: string): Promise<void> {
    const current = informers.rootCertificates.get(`${namespace}/${rootCertificateName}`);
    const metadata = { namespace, name: rootCertificateName, annotations };
    if (current === undefined) await client.create<ConfigMap>(configMaps, { metadata, data });
    else if (!isDeepStrictEqual(current.data, data)) await client.update<ConfigMap>(configMaps, { metadata, data });
  }

  async function reconcile(namespace: string) {
    const found = informers.namespaces.get(namespace);
    if (settings.rootCertificate === undefined || found === undefined || found.metadata.deletionTimestamp) return {};
    try {
      await ensurePublished(namespace);
    } catch (error) {
      if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
    }
    return {};
  }

  return controller({ name: 'root-certificate', reconciler: { reconcile }, workers: 2 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.rootCertificates, (change) => [objectOfChange(change).metadata.namespace ?? '']);
}
