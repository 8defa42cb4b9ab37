/** Suites of conformance tests that share a cluster: side by side, as most of what each does is wait. */

import { after, before, describe } from 'node:test';
import { ClusterWorld } from './cluster-world.ts';

export interface SharedCluster {
  /** To be called in a `before` of the suite. The namespace is the suite's own. */
  enter(): Promise<{ readonly world: ClusterWorld; readonly namespace: string }>;
}

/** Registers its tests. What it does to nodes or to what belongs to no namespace, the others can bear. */
export type Suite = (cluster: SharedCluster) => void;

export interface Suites {
  /** Side by side. */
  readonly together: Readonly<Record<string, Suite>>;
  /** Beside them, all tests of each at once: they mostly wait. */
  readonly waiting?: Readonly<Record<string, Suite>>;
  /** One by one, when all others are over: they would disturb them. */
  readonly alone?: Readonly<Record<string, Suite>>;
}

/** More would only wait for the engine. */
const suitesAtOnce = 3;
const testsAtOnce = 4;

/** To be called in the `describe` of a test file: registers a cluster, and the suites that use it. */
export function onOneCluster({ together, waiting = {}, alone = {} }: Suites): void {
  let world: ClusterWorld;
  before(async () => {
    world = await ClusterWorld.start();
  });
  after(() => world.stop());
  const cluster = { enter: async () => ({ world, namespace: await world.namespace() }) };
  const define = (suites: Readonly<Record<string, Suite>>, concurrency: number | true) => {
    for (const [name, suite] of Object.entries(suites)) describe(name, { concurrency }, () => suite(cluster));
  };
  describe('side by side', { concurrency: suitesAtOnce }, () => {
    define(waiting, true);
    define(together, testsAtOnce);
  });
  define(alone, 1);
}
