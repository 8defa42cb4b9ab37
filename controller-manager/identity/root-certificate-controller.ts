/** Publishes the cluster's root certificate in every namespace, so that what runs there can trust the API server. */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { configMaps, namespaces } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { type AuthoritySource, RenewedAuthority } from '../../base/renewed-authority.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { planPublication, rootCertificateName } from './root-certificate-plan.ts';

const lookAgainMs = 5_000;

export interface RootCertificateSettings {
  /** Of API servers' certificates; absent: nothing is published. */
  readonly rootAuthority: AuthoritySource | undefined;
}

export function createRootCertificateController(
  { client, clock, logger, informers: shared, controller }: ControllerContext,
  { rootAuthority }: RootCertificateSettings,
): Pick<Controller, 'run'> {
  const authority = rootAuthority === undefined ? undefined : new RenewedAuthority(rootAuthority, { clock, logger });
  const informers = {
    namespaces: shared.of(namespaces),
    rootCertificates: shared.selected(configMaps, { fieldSelector: `metadata.name=${rootCertificateName}` }),
  };

  async function reconcile(namespace: string) {
    const found = informers.namespaces.get(namespace);
    if (authority === undefined || found === undefined || found.metadata.deletionTimestamp) return {};
    const certificate = await authority.current();
    const current = informers.rootCertificates.get(`${namespace}/${rootCertificateName}`);
    const plan = planPublication(namespace, { current, certificate });
    try {
      if (plan.type === 'create') await client.create<ConfigMap>(configMaps, plan.object);
      if (plan.type === 'update') await client.update<ConfigMap>(configMaps, plan.object);
    } catch (error) {
      if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
    }
    return {};
  }

  const published = controller({ reconciler: { reconcile }, workers: 2 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.rootCertificates, (change) => [objectOfChange(change).metadata.namespace ?? '']);

  /** All namespaces again when it is another one. */
  async function followAuthority(signal: AbortSignal): Promise<void> {
    let known = await readCurrent();
    while (!signal.aborted) {
      await clock.sleep(lookAgainMs, signal);
      const next = await readCurrent();
      if (next !== known) for (const { metadata } of informers.namespaces.list()) published.add(metadata.name);
      known = next;
    }
  }

  async function readCurrent(): Promise<string | undefined> {
    try {
      return await authority?.current();
    } catch (error) {
      logger.warn('The root certificate cannot be read', { error });
      return undefined;
    }
  }

  return {
    async run(signal) {
      await Promise.all([published.run(signal), followAuthority(signal)]);
    },
  };
}
