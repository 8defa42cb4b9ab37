/** Writes what hosts that join need to find, each time the cluster is started: it may have other addresses by then. */

import { clusterRoleBindings } from '../../api/resources/rbac.ts';
import type { Client } from '../../client/client.ts';
import { readClusterId } from '../../client/cluster-id.ts';
import { ifPresent } from '../../client/if-present.ts';
import { computeJoiningObjects, type JoiningFacts, obsoleteBindings } from './joining-objects.ts';
import type { ClusterSettings } from './settings.ts';

export interface Publication extends Omit<JoiningFacts, 'settings'> {
  readonly client: Client;
  readonly settings: Omit<ClusterSettings, 'clusterId'>;
}

/** Idempotent. Other fields of these objects, such as tokens that ended, are left to whoever wrote them. */
export async function publishJoining({ client, settings, ...facts }: Publication): Promise<void> {
  const clusterId = await readClusterId(client);
  const objects = computeJoiningObjects({ ...facts, settings: { ...settings, clusterId } });
  await Promise.all(obsoleteBindings.map((name) => ifPresent(client.delete(clusterRoleBindings, { name }))));
  await Promise.all(
    objects.map(({ resource, object }) => {
      const { name = '', namespace } = object.metadata ?? {};
      const patch = { type: 'apply', body: object, force: true } as const;
      return client.patch(resource, { namespace, name }, patch, { fieldManager: 'longshore' });
    }),
  );
}
