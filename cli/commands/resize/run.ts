/** `resize NAME REPLICAS`: how many pods a replication controller keeps. */

import type { Stored } from '../../../api/object.ts';
import { replicationControllers } from '../../../api/resources/core.ts';
import { isConflict } from '../../../api/status-error.ts';
import type { ReplicationController } from '../../../api/types/core/v1.ts';
import { type Arguments, countOf, textOf } from '../../arguments.ts';
import { yamlPrinter } from '../../printing.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await resize(session, textOf(args, 'controller') ?? '', countOf(args, 'replicas'));
}

/** Prints the controller as YAML, as the first kubecfg did. */
export async function resize(session: Session, name: string, replicas: number): Promise<void> {
  const changed = await updateController(session, name, (controller) => {
    controller.spec = { ...controller.spec, replicas };
  });
  session.out.write((await yamlPrinter())(changed));
}

/** Changes a controller as it is now; again when somebody else changed it meanwhile. */
export async function updateController(
  session: Session,
  name: string,
  change: (controller: Stored<ReplicationController>) => void,
): Promise<Stored<ReplicationController>> {
  const client = await session.client();
  const key = { namespace: await session.oneNamespace(), name: name.replace(/^\/?(replicationControllers\/)?/i, '') };
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
