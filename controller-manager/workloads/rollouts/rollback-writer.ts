/** Writes a workload that goes back by itself, so that its template stays the user's. */

import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { isConflict } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';

/** By which these writes are known among those of other controllers. */
const fieldManager = 'longshore-rollback';
const attempts = 3;

/** Throws a Conflict when the workload has changed since: `changed` has the version that it was decided on. */
export async function writeRollback<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  changed: T,
): Promise<void> {
  await disown(client, resource, await client.update(resource, changed, { fieldManager }));
}

/** Otherwise the next server-side apply of the user would conflict with this. */
async function disown<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  written: Stored<T>,
): Promise<void> {
  const { namespace, name } = written.metadata;
  let object: Stored<T> | undefined = written;
  for (let attempt = 1; object !== undefined && attempt <= attempts; attempt += 1) {
    const { resourceVersion, managedFields = [] }: Stored<T>['metadata'] = object.metadata;
    const others = managedFields.filter(({ manager }) => manager !== fieldManager);
    if (others.length === managedFields.length) return;
    const body = { metadata: { resourceVersion, managedFields: others } };
    try {
      await ifPresent(client.patch(resource, { namespace, name }, { type: 'merge', body }));
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      object = await ifPresent(client.get(resource, { namespace, name }));
    }
  }
}
