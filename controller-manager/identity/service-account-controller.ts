/** Every namespace has a service account `default`, as long as it lives. */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { namespaces, serviceAccounts } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';

const name = 'default';

export function createServiceAccountController({
  client,
  informers: shared,
  controller,
}: ControllerContext): Controller {
  const informers = { namespaces: shared.of(namespaces), serviceAccounts: shared.of(serviceAccounts) };
  async function reconcile(namespace: string) {
    const found = informers.namespaces.get(namespace);
    const wanted = found !== undefined && found.metadata.deletionTimestamp === undefined;
    if (wanted && informers.serviceAccounts.get(`${namespace}/${name}`) === undefined) {
      try {
        await client.create(serviceAccounts, { metadata: { namespace, name } });
      } catch (error) {
        if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
      }
    }
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.serviceAccounts, ({ type, previous }) =>
      type === 'deleted' && previous.metadata.name === name ? [previous.metadata.namespace ?? ''] : [],
    );
}
