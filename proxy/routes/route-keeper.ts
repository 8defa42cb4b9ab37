/**
 * Keeps the routes from this node's pods to those of other nodes: at every change of a node, and again every few
 * seconds, since other programs change routes as well.
 *
 * Invariants: computed from all nodes, never from a change; nothing is removed before all nodes are known; a route that
 * cannot be made keeps no other from being made.
 */

import type { Node } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Informer } from '../../client/object-cache.ts';
import type { RunProgram } from '../program.ts';
import { readRoutes, removeRoute, setRoute } from './kernel-routes.ts';
import { computeRouteChanges, computeRoutes, type Route, routeFactsOf } from './route-plan.ts';

export interface RouteKeeperOptions {
  /** Run by the caller. */
  readonly nodes: Informer<Node>;
  readonly nodeName: string;
  readonly clusterCidr: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly run: RunProgram;
  /** Told once for each thing that cannot be done, until it can. */
  readonly onTrouble: (why: string) => void;
}

const verifyEveryMs = 10_000;
const groupingMs = 20;

export class RouteKeeper {
  readonly #options: RouteKeeperOptions;
  readonly #nodes: Informer<Node>;
  readonly #told = new Set<string>();
  #isChanged = false;
  #wake: () => void = () => {};

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
    this.#nodes = options.nodes;
    this.#nodes.onChange(({ previous, next }) => {
      if (previous && next && routeFactsOf(previous) === routeFactsOf(next)) return;
      this.#isChanged = true;
      this.#wake();
    });
  }

  /** Until `signal` aborts. Routes stay: the pods go on. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await this.#nodes.synced(signal);
    let isClean = false;
    while (!signal.aborted) {
      this.#isChanged = false;
      const wanted = this.#wanted();
      // A cluster of one node asks the kernel once.
      if (wanted.length > 0 || !isClean) isClean = (await this.#ensure(wanted)) && wanted.length === 0;
      await this.#nextChange(signal);
      await clock.sleep(groupingMs, signal);
    }
  }

  #wanted(): Route[] {
    const { nodeName, clusterCidr } = this.#options;
    return computeRoutes({ nodes: this.#nodes.list(), ownName: nodeName, clusterCidr });
  }

  /** Whether all is as it should be. */
  async #ensure(wanted: readonly Route[]): Promise<boolean> {
    const { run, clusterCidr, logger } = this.#options;
    let present: Route[] = [];
    const isRead = await this.#attempt('The routes of this host cannot be read', async () => {
      present = await readRoutes(run, clusterCidr);
    });
    if (!isRead) return false;
    const { set, remove } = computeRouteChanges(wanted, present);
    let isWell = true;
    for (const route of set) {
      const what = `There is no route to the pods ${route.network} of the node ${route.gateway}`;
      isWell = (await this.#attempt(what, () => setRoute(run, route))) && isWell;
    }
    for (const route of remove) {
      const what = `The route to ${route.network}, which no node has, cannot be removed`;
      isWell = (await this.#attempt(what, () => removeRoute(run, route))) && isWell;
    }
    if (set.length + remove.length > 0) logger.info('Routes to the pods of other nodes changed', { set, remove });
    return isWell;
  }

  async #attempt(what: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      this.#told.delete(what);
      return true;
    } catch (error) {
      if (this.#told.has(what)) return false;
      this.#told.add(what);
      this.#options.logger.warn('A route cannot be ensured', { what, error });
      this.#options.onTrouble(what);
      return false;
    }
  }

  async #nextChange(signal: AbortSignal): Promise<void> {
    if (this.#isChanged) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#options.clock.sleep(verifyEveryMs, AbortSignal.any([signal, woken.signal]));
  }
}
