/** The controller manager, all its controllers, and the scheduler, over a client that is interrupted. */

import type { Clock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import type { Connection } from '../../client/connection.ts';
import { ControllerMetrics } from '../../client/controller-metrics.ts';
import { runControllers } from '../../controller-manager/controller-manager.ts';
import { startScheduler } from '../../scheduler/scheduler.ts';
import type { ComponentLife } from './component-life.ts';

/** On a clock that is fast: the kubelets' is not. */
const nodeGraceMs = 1_000_000;
const common = { logger: silentLogger, leaderElect: false, identity: 'interrupted' };

export async function runControllerManager(life: ComponentLife, connection: Connection, clock: Clock): Promise<void> {
  const controllerMetrics = new ControllerMetrics(new Metrics());
  const client = life.clientOf('controller-manager');
  const clientOf = (controller: string) => life.clientOf(controller);
  await runControllers({ ...common, connection, client, clientOf, clock, controllerMetrics, nodeGraceMs }, life.signal);
}

export async function runScheduler(life: ComponentLife, connection: Connection, clock: Clock): Promise<void> {
  const scheduler = await startScheduler({ ...common, connection, client: life.clientOf('scheduler'), clock });
  life.signal.addEventListener('abort', () => void scheduler.stop());
  if (life.signal.aborted) await scheduler.stop();
  await scheduler.done;
}
