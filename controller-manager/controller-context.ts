/**
 * CONTRACT: what a controller is made from, and what it is. One file for each, `x-controller.ts`, beside the pure
 * `x-plan.ts` that decides; `controllers.ts` has their table.
 */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import type { Controller, ControllerOptions } from '../client/controller.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { ServedResources } from '../client/served-resources.ts';
import type { SharedInformers } from '../client/shared-informers.ts';

export interface ControllerContext {
  /** With the rights of this controller's own account, and no others (`controller-accounts.ts`). */
  readonly client: Client;
  /** Asked while a controller is created: what it wants to be in sync with before it works. */
  readonly informers: SharedInformers;
  /** What the server serves now, custom resources among it. */
  readonly resources: ServedResources;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A controller with the row's name, and the component's logger, clock and metrics. */
  controller(options: Pick<ControllerOptions, 'reconciler' | 'workers'>): Controller;
}

/** One row of the table. */
export interface ControllerRow {
  /** Upstream's: in `--controllers`, in metrics and in logs. */
  readonly name: string;
  /**
   * Called once each time this process begins to lead, before the informers run: the controller says which changes it
   * wants to hear of. What it can be told, it is told here. One that throws is left out; the others run.
   */
  create(context: ControllerContext): Pick<Controller, 'run'>;
}
