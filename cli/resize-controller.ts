/** How the classic verbs change a replication controller, and how many pods it keeps. */

import type { Stored } from '../api/object.ts';
import { replicationControllers } from '../api/resources/core.ts';
import { isConflict } from '../api/status-error.ts';
import type { ReplicationController } from '../api/types/core/v1.ts';
import type { CommandContext } from './command-context.ts';
import { yamlPrinter } from './printing.ts';

/** Prints the controller as YAML, as the first kubecfg did. */
export async function resize(context: CommandContext, name: string, replicas: number): Promise<void> {
  const changed = await updateController(context, name, (controller) => {
    controller.spec = { ...controller.spec, replicas };
  });
  context.out.write((await yamlPrinter())(changed));
}

/** Changes a controller as it is now; again when another client changed it meanwhile. */
export async function updateController(
  context: CommandContext,
  name: string,
  change: (controller: Stored<ReplicationController>) => void,
): Promise<Stored<ReplicationController>> {
  const client = await context.client();
  const key = {
    namespace: await context.oneNamespace(),
    name: name.replace(/^\/?((replicationControllers?|rc)\/)?/i, ''),
  };
  for (let attempt = 1; ; attempt += 1) {
    const controller = await client.get(replicationControllers, key);
    change(controller);
    try {
      return await client.update(replicationControllers, controller);
    } catch (error) {
      if (!isConflict(error) || attempt === 5) throw error;
    }
  }
}
