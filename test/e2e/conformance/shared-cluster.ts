/** Suites of conformance tests that share a cluster: side by side, as most of what each does is wait. */

import { after, before, describe } from 'node:test';
import { ClusterWorld } from './cluster-world.ts';

export interface SharedCluster {
  /** To be called in a `before` of the suite. The namespace is the suite's own. */
  enter(): Promise<{ readonly world: ClusterWorld; readonly namespace: string }>;
}

/** Registers its tests. What it does to nodes or to what belongs to no namespace, the others can bear. */
export type Suite = (cluster: SharedCluster) => void;

/** More would only wait for the engine. */
const suitesAtOnce = 3;
const testsAtOnce = 4;

/** Starts a cluster, and ends it after `together` and then, one by one, those `alone`: they would disturb others. */
export function onOneCluster(
  title: string,
  { together, alone = {} }: { readonly together: Readonly<Record<string, Suite>>; readonly alone?: typeof together },
): void {
  describe(title, () => {
    let world: ClusterWorld;
    before(async () => {
      world = await ClusterWorld.start();
    });
    after(() => world.stop());
    const cluster = { enter: async () => ({ world, namespace: await world.namespace() }) };
    describe('side by side', { concurrency: suitesAtOnce }, () => {
      for (const [name, suite] of Object.entries(together))
        describe(name, { concurrency: testsAtOnce }, () => suite(cluster));
    });
    for (const [name, suite] of Object.entries(alone)) describe(name, { concurrency: 1 }, () => suite(cluster));
  });
}
