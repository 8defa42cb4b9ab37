/** What a soak kills, and how: each says what it may have ended by that. */

import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxEngine } from '../support/sandbox-engine.ts';
import { nothingStruck, type Struck } from './differences.ts';
import { infraName, type Observation, type ObservedContainer } from './observation.ts';
import type { Random } from './random.ts';
import { served } from './workload.ts';

export interface Strike {
  readonly struck: Struck;
  /** Whether requests to the Service may fail until all is settled: a server of it was killed. */
  readonly interruptsService: boolean;
  /** What somebody else's program took to come back, which is not held against Longshore. */
  readonly allowanceMs?: number;
}

export interface Victim {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Kills it, and starts it again unless that is another's business. Undefined: there is none at the moment. */
  strike(before: Observation, random: Random): Promise<Strike | undefined>;
}

const unnoticed: Strike = { struck: nothingStruck, interruptsService: false };
/** As fast, or as late, as what supervises a process on a real machine. */
const longestAbsenceMs = 500;

/** A process without which the pods and the Service go on. */
export function processVictim(
  name: string,
  { kill, start }: { readonly kill: () => Promise<void>; readonly start: () => Promise<void> },
  weight = 2,
): Victim {
  return {
    name,
    weight,
    async strike(_, random) {
      const absenceMs = random.below(longestAbsenceMs);
      await kill();
      await delay(absenceMs);
      await start();
      return unnoticed;
    },
  };
}

/** The engine, which keeps its containers, as the one that `npm start` starts does; and one that does not. */
export function engineVictims(engine: SandboxEngine): Victim[] {
  const restart = (liveRestore: boolean) => ({
    kill: () => engine.kill(),
    start: () => engine.start({ liveRestore }),
  });
  const withoutRestore = processVictim('dockerd without live-restore', restart(false), 1);
  return [
    processVictim('dockerd', restart(true)),
    {
      ...withoutRestore,
      // It ends every container first, and gives each ten seconds for that.
      async strike(before, random) {
        const started = performance.now();
        await withoutRestore.strike(before, random);
        const allowanceMs = performance.now() - started;
        await engine.setLiveRestore(true);
        return { struck: { pods: 'all', containers: new Set() }, interruptsService: true, allowanceMs };
      },
    },
  ];
}

/** A container that has not been restarted yet: one that has waits before it starts again, longer each time. */
export function containerVictims({ docker }: SandboxEngine): Victim[] {
  const victim = (name: string, isWanted: (container: ObservedContainer) => boolean, weight: number): Victim => ({
    name,
    weight,
    async strike(before, random) {
      const chosen = random.pick(before.containers.filter((one) => isWanted(one) && isFresh(one, before)));
      if (chosen === undefined) return undefined;
      // It may be on its way out: the workload deletes pods at the same time.
      await docker
        .getContainer(chosen.id)
        .kill()
        .catch(() => undefined);
      return strikeOf(chosen, before);
    },
  });
  return [
    victim('a container', ({ name }) => name !== infraName, 3),
    victim('an infra container', ({ name }) => name === infraName, 2),
  ];
}

const podOf = ({ podUid }: ObservedContainer, { pods }: Observation) => pods.find(({ uid }) => uid === podUid);

function isFresh(container: ObservedContainer, before: Observation): boolean {
  const pod = podOf(container, before);
  return container.isRunning && pod?.containers.every(({ restartCount }) => restartCount === 0) === true;
}

function strikeOf(chosen: ObservedContainer, before: Observation): Strike {
  const struck: Struck =
    chosen.name === infraName
      ? { pods: new Set([chosen.podUid]), containers: new Set() }
      : { pods: new Set(), containers: new Set([chosen.id]) };
  return { struck, interruptsService: podOf(chosen, before)?.controller === served };
}
