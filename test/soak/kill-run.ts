/**
 * A run of kills. Each round kills one victim in the middle of changes, waits until what was asked for is what runs, and
 * judges what it has come to: nothing lost, doubled, orphaned or restarted, and settled in time.
 *
 *   changes begin ── 0–400 ms ── kill ── start again ── changes acknowledged ── settled ── judged
 *                                 └────────────── time to settle ──────────────────┘
 */

import { setTimeout as delay } from 'node:timers/promises';
import { services } from '../../api/resources/core.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { SandboxEngine } from '../support/sandbox-engine.ts';
import { type SoakCluster, shapes } from './clusters.ts';
import { computeDisturbances, nothingStruck } from './differences.ts';
import { Ledger } from './ledger.ts';
import { measureSlowness } from './machine-speed.ts';
import { type Observation, type Observed, observe } from './observation.ts';
import { Random } from './random.ts';
import { type Settled, settle } from './settling.ts';
import { Traffic } from './traffic.ts';
import { containerVictims, engineVictims, type Strike, type Victim } from './victims.ts';
import { served, Workload } from './workload.ts';

export interface KillRunOptions {
  readonly shape: keyof typeof shapes;
  /** How many kills, of victims drawn by their weights; absent: each victim once. */
  readonly count?: number;
  readonly seed: number;
  /** Names of victims; absent: all. */
  readonly only?: readonly string[];
  /** Where the logs are copied to when something was wrong. */
  readonly logFolder?: string;
  /** Called after each round. */
  readonly onRound?: (round: Round) => void;
}

export interface Round {
  readonly shape: keyof typeof shapes;
  readonly number: number;
  /** Undefined: nothing was killed. */
  readonly victim: string | undefined;
  readonly settleMs: number;
  /** Sentences; none: all is well. */
  readonly faults: readonly string[];
}

export interface KillRunReport {
  readonly rounds: readonly Round[];
  /** How much slower the machine was than the standard, at most. */
  readonly slowness: number;
  readonly writes: number;
  readonly requests: number;
}

const namespace = 'default';
const image = 'longshore-test/soak:1';
const calmRounds = 2;
const longestLeadMs = 400;
/** Within which a kill must settle, on a machine of standard speed. */
export const limitMs = 15_000;
/** After so many kills, pods that were hit are replaced. */
const killsOfOnePod = 10;

const noStrike: Strike = { struck: nothingStruck, interruptsService: false };

/** In the sandbox only. Rejects when the cluster cannot be started; all else is in the report. */
export async function runKills(options: KillRunOptions): Promise<KillRunReport> {
  const engine = new SandboxEngine();
  await engine.setLiveRestore(true);
  await importBusybox(image);
  const cluster = await shapes[options.shape](engine);
  const { client } = cluster;
  const workload = new Workload({
    client,
    namespace,
    image,
    ...(cluster.manifests && { manifests: cluster.manifests }),
  });
  const ledger = new Ledger(client, namespace);
  const stop = async () => {
    await ledger.stop();
    await cluster.stop();
  };
  try {
    const traffic = await startWorkload(cluster, workload);
    await ledger.start();
    const observed = { client, docker: engine.docker, namespace, service: served };
    const run = new KillRun(options, { cluster, engine, workload, ledger, traffic, observed });
    await run.run();
    await traffic.stop();
    return { rounds: run.rounds, slowness: run.slowness, writes: ledger.writes, requests: traffic.requests };
  } finally {
    // After a run that did not settle it may fail, which must not hide what that run found.
    await stop().catch((error) => process.stderr.write(`The cluster was not stopped: ${String(error)}\n`));
  }
}

async function startWorkload({ client }: SoakCluster, workload: Workload): Promise<Traffic> {
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  await eventually('the default service account', () => client.raw('GET', account));
  await workload.start();
  const { spec } = await client.get(services, { namespace, name: served });
  return new Traffic(`http://${spec?.clusterIP}/passwd`);
}

interface KillRunParts {
  readonly cluster: SoakCluster;
  readonly engine: SandboxEngine;
  readonly workload: Workload;
  readonly ledger: Ledger;
  readonly traffic: Traffic;
  readonly observed: Observed;
}

/** A round did not come to its end; its faults say why. */
class RunOver extends Error {}

class KillRun {
  readonly rounds: Round[] = [];
  slowness = 1;
  readonly #options: KillRunOptions;
  readonly #parts: KillRunParts;
  readonly #victims: readonly Victim[];
  /** Of their own, so that what is killed does not depend on how changes and kills interleave. */
  readonly #changes: Random;
  readonly #kills: Random;

  constructor(options: KillRunOptions, parts: KillRunParts) {
    this.#options = options;
    this.#parts = parts;
    const { cluster, engine } = parts;
    const others = cluster.isOwnRisk ? [] : [...containerVictims(engine), ...engineVictims(engine)];
    const all = [...cluster.victims, ...others];
    this.#victims = all.filter(({ name }) => options.only?.includes(name) ?? true);
    this.#changes = new Random(options.seed);
    this.#kills = new Random(options.seed + 1);
  }

  /** Ends before its time when something does not settle at all, with that as the fault of the last round. */
  async run(): Promise<void> {
    const { logFolder } = this.#options;
    try {
      await this.#runRounds();
    } catch (error) {
      if (!(error instanceof RunOver)) throw error;
    }
    const isFaulty = this.rounds.some(({ faults }) => faults.length > 0);
    if (isFaulty && logFolder !== undefined) await this.#parts.cluster.keepLogs(logFolder);
  }

  async #runRounds(): Promise<void> {
    await settle(this.#parts, performance.now(), limitMs * this.slowness);
    this.#parts.traffic.start();
    for (let calm = 0; calm < calmRounds; calm += 1) await this.#round(undefined);
    for (const [index, victim] of this.#chooseVictims().entries()) {
      await this.#round(victim);
      if ((index + 1) % killsOfOnePod === 0) await this.#renew();
    }
    await this.#round(undefined);
  }

  async #round(chosen: Victim | undefined): Promise<void> {
    const faults: string[] = [];
    const before = await observe(this.#parts.observed);
    const changed = this.#parts.workload.change(this.#changes).catch((error) => {
      faults.push(`a change was refused: ${String(error)}`);
    });
    const slowness = await measureSlowness();
    await delay(this.#kills.below(longestLeadMs));
    const since = performance.now();
    const { victim, strike } = await this.#strike(chosen, before);
    try {
      await changed;
      const settled = await settle(this.#parts, since, limitMs * slowness + (strike.allowanceMs ?? 0));
      const { settleMs, observation } = settled;
      faults.push(...(await this.#judgeTime(settled, strike, slowness)));
      faults.push(...computeDisturbances(before, observation, strike.struck), ...(await this.#checkWrites(strike)));
      this.#end({ victim, settleMs, faults });
    } catch (error) {
      faults.push(`the run ends here: ${String(error)}`);
      this.#end({ victim, settleMs: performance.now() - since, faults });
      throw new RunOver();
    }
  }

  /** By the machine's speed before or after, whichever is the slower. */
  async #judgeTime({ settleMs, late }: Settled, { allowanceMs = 0 }: Strike, before: number): Promise<string[]> {
    const slowness = Math.max(before, await measureSlowness());
    this.slowness = Math.max(this.slowness, slowness);
    const allowedMs = limitMs * slowness + allowanceMs;
    if (late === undefined || settleMs <= allowedMs) return [];
    return [`not settled within ${inSeconds(allowedMs)}: ${late.join('; ')}`];
  }

  async #checkWrites({ interruptsService }: Strike): Promise<string[]> {
    const lost = await this.#parts.ledger.check();
    const failures = await this.#parts.traffic.takeFailures();
    return interruptsService ? lost : [...lost, ...new Set(failures)];
  }

  #end(outcome: Pick<Round, 'victim' | 'settleMs' | 'faults'>): void {
    const round = { shape: this.#options.shape, number: this.rounds.length + 1, ...outcome };
    this.rounds.push(round);
    this.#options.onRound?.(round);
  }

  /** Each once is in the order of the table: what hits every container comes last, as it leaves none fresh. */
  #chooseVictims(): readonly (Victim | undefined)[] {
    const { count } = this.#options;
    if (count === undefined) return this.#victims;
    const weighted = this.#victims.flatMap((victim) => Array.from({ length: victim.weight }, () => victim));
    return Array.from({ length: count }, () => this.#kills.pick(weighted));
  }

  /** Another one where there is none of what was chosen. */
  async #strike(
    chosen: Victim | undefined,
    before: Observation,
  ): Promise<{ victim: string | undefined; strike: Strike }> {
    if (chosen === undefined) return { victim: undefined, strike: noStrike };
    const others = this.#kills.shuffle(this.#victims.filter((victim) => victim !== chosen));
    for (const victim of [chosen, ...others]) {
      const strike = await victim.strike(before, this.#kills);
      if (strike !== undefined) return { victim: victim.name, strike };
    }
    return { victim: undefined, strike: noStrike };
  }

  /** Replaces the pods of which a container was killed: each further start of it would be later by design. */
  async #renew(): Promise<void> {
    const { pods } = await observe(this.#parts.observed);
    const worn = pods.filter(({ containers }) => containers.some(({ restartCount }) => restartCount > 0));
    await Promise.all(worn.map((pod) => this.#parts.workload.remove(pod)));
    await settle(this.#parts, performance.now(), limitMs * this.slowness);
    await this.#parts.traffic.takeFailures();
  }
}

export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
