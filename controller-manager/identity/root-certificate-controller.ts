/** Publishes the cluster's root certificate in every namespace, so that what runs there can trust the API server. */

import { configMaps, namespaces } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { isTerminatingNamespaceError } from '../namespaces/namespace-state.ts';
import { planPublication, rootCertificateName } from './root-certificate-plan.ts';

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

  async function reconcile(namespace: string) {
    const found = informers.namespaces.get(namespace);
    if (settings.rootCertificate === undefined || found === undefined || found.metadata.deletionTimestamp) return {};
    const current = informers.rootCertificates.get(`${namespace}/${rootCertificateName}`);
    const plan = planPublication(namespace, { current, certificate: settings.rootCertificate });
    try {
      if (plan.type === 'create') await client.create<ConfigMap>(configMaps, plan.object);
      if (plan.type === 'update') await client.update<ConfigMap>(configMaps, plan.object);
    } catch (error) {
      if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
    }
    return {};
  }

  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.rootCertificates, (change) => [objectOfChange(change).metadata.namespace ?? '']);
}
