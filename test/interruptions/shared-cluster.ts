/**
 * What all rounds share: the real API server on the in-memory store, and hollow nodes. Controllers and scheduler come
 * with each round anew.
 */

import { nodes } from '../../api/resources/core.ts';
import { silentLogger } from '../../base/logger.ts';
import { HollowNodes } from '../../bench/hollow/hollow-nodes.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';
import { NodeBound } from './node-bound.ts';
import { QuickClock } from './quick-clock.ts';

const nodeCount = 3;
const podsOfWorld = 12;
/** All of it is in one process, so that it is slow together: no time-out is to be what fails. */
const timeoutMs = 300_000;

export class SharedCluster {
  readonly clock: QuickClock;
  readonly server: TestApiServer;
  /** As controllers and scheduler use it. */
  readonly client: Client;
  readonly nodeBound: NodeBound;
  readonly #hollow: HollowNodes;
  #rounds = 0;

  private constructor(clock: QuickClock, server: TestApiServer, hollow: HollowNodes, nodePods: number) {
    this.clock = clock;
    this.server = server;
    this.#hollow = hollow;
    this.nodeBound = new NodeBound(nodePods);
    this.client = createRestClient(server.connection, { userAgent: 'interrupted', logger: silentLogger });
  }

  /** With room for so many worlds at a time. */
  static async start(worlds: number): Promise<SharedCluster> {
    const clock = new QuickClock();
    const server = await startTestApiServer({ clock: clock.steady, timeoutMs });
    for (const name of ['default', 'kube-node-lease']) await ensureNamespace(server, name);
    const nodePods = podsOfWorld * worlds;
    const capacity = { cpu: String(8 * worlds), memory: `${32 * worlds}Gi`, pods: String(nodePods) };
    const hollow = await HollowNodes.start({
      ...{ connection: server.connection, logger: silentLogger, count: nodeCount, prefix: 'hollow', capacity },
    });
    return new SharedCluster(clock, server, hollow, nodePods);
  }

  /** Each round has a number of its own, so that nothing in it has the name of something in another one. */
  nextRound(): number {
    this.#rounds += 1;
    return this.#rounds;
  }

  /** Once there are controllers. */
  async untilNodesTakePods(): Promise<void> {
    await eventually(
      'all nodes are ready',
      async () => {
        const { items } = await this.server.client.list(nodes);
        return items.length === nodeCount && items.every(({ spec }) => (spec?.taints ?? []).length === 0);
      },
      { timeoutMs: 120_000 },
    );
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.#hollow.stop();
    await this.server.stop();
  }
}
