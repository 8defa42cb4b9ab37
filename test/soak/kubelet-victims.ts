/** Ways in which a kubelet dies: alone, while it starts, with all that it had kept, and together with its engine. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unmountBelow } from '../../kubelet/volumes/mounts.ts';
import type { SandboxEngine } from '../support/sandbox-engine.ts';
import type { SplitCluster } from '../support/split-cluster.ts';
import { nothingStruck } from './differences.ts';
import type { Random } from './random.ts';
import type { Strike, Victim } from './victims.ts';

const unnoticed: Strike = { struck: nothingStruck, interruptsService: false };
const longestAbsenceMs = 500;
/** From its start until it acts on pods, and somewhat longer. */
const longestStartMs = 2_500;

export function kubeletVictims(cluster: SplitCluster, engine: SandboxEngine): Victim[] {
  const kill = () => cluster.kill('kubelet');
  const start = () => cluster.startComponent('kubelet');
  const absence = (random: Random) => delay(random.below(longestAbsenceMs));

  return [
    victim('kubelet', 4, async (random) => {
      await kill();
      await absence(random);
      await start();
      return unnoticed;
    }),
    victim('kubelet, while it starts', 3, async (random) => {
      await kill();
      for (let times = 1 + random.below(3); times > 0; times -= 1) {
        await start();
        await delay(random.below(longestStartMs));
        await kill();
      }
      await start();
      return unnoticed;
    }),
    victim('kubelet, and all that it kept', 2, async (random) => {
      await kill();
      const folder = join(cluster.dataDir, 'kubelet');
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
      await absence(random);
      await start();
      return unnoticed;
    }),
    victim('kubelet and dockerd', 2, async (random) => {
      const engineFirst = random.below(2) === 0;
      await Promise.all([kill(), engine.kill()]);
      await absence(random);
      const steps = [() => engine.start({ liveRestore: true }), start];
      for (const step of engineFirst ? steps : steps.reverse()) await step();
      return unnoticed;
    }),
    victim('kubelet and dockerd without live-restore', 1, async () => {
      const started = performance.now();
      await Promise.all([kill(), engine.kill()]);
      // It ends every container first, and gives each ten seconds for that.
      await engine.start({ liveRestore: false });
      await start();
      const allowanceMs = performance.now() - started;
      await engine.setLiveRestore(true);
      return { struck: { pods: 'all', containers: new Set() }, interruptsService: true, allowanceMs };
    }),
  ];
}

const victim = (name: string, weight: number, strike: (random: Random) => Promise<Strike>): Victim => ({
  name,
  weight,
  strike: (_, random) => strike(random),
});
