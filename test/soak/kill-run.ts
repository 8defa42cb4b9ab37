/**
 * A run of kills. Each round kills one victim in the middle of changes, waits until what was asked for is what runs, and
 * judges what it has come to: nothing lost, doubled, orphaned or restarted, and settled in time.
 *
 *   changes begin ── 0–400 ms ── kill ── start again ── changes acknowledged ── settled ── judged
 *                                 └────────────── time to settle ──────────────────┘
 */

import { setTimeout as delay } from 'node:timers/promises';
import { services } from '../../api/core/service.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { SandboxEngine } from '../support/sandbox-engine.ts';
import { type SoakCluster, shapes } from './clusters.ts';
import { computeDifferences, computeDisturbances, nothingStruck } from './differences.ts';
import { Ledger } from './ledger.ts';
import { type Observation, observe } from './observation.ts';
import { Random } from './random.ts';
import { Traffic } from './traffic.ts';
import { containerVictims, engineVictims, type Strike, type Victim } from './victims.ts';
import { served, Workload } from './workload.ts';

export interface KillRunOptions {
  readonly shape: keyof typeof shapes;
  readonly count: number;
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
  /** Within which a kill had to settle. */
  readonly limitMs: number;
  readonly writes: number;
  readonly requests: number;
}

const namespace = 'default';
const image = 'longshore-test/soak:1';
const calmRounds = 3;
const longestLeadMs = 400;
const limitMs = 15_000;
/** What a round without a kill takes on the machine for which the limit was set; a slower one has longer. */
const usualCalmMs = 2_500;
/** Differences must stay away for so long. */
const holdMs = 300;
/** After a limit was missed, how much longer it is waited, so that the run can go on. */
const patience = 4;

const noStrike: Strike = { struck: nothingStruck, interruptsService: false };

export async function runKills(options: KillRunOptions): Promise<KillRunReport> {
  const engine = new SandboxEngine();
  await engine.setLiveRestore(true);
  await importBusybox(image);
  const cluster = await shapes[options.shape]();
  const run = new KillRun(options, cluster, engine);
  try {
    await run.start();
    return await run.run();
  } finally {
    await run.stop();
    await cluster.stop();
  }
}

class KillRun {
  readonly #options: KillRunOptions;
  readonly #cluster: SoakCluster;
  readonly #engine: SandboxEngine;
  readonly #victims: readonly Victim[];
  readonly #workload: Workload;
  readonly #ledger: Ledger;
  /** Of their own, so that what is killed does not depend on how changes and kills interleave. */
  readonly #changes: Random;
  readonly #kills: Random;
  readonly #rounds: Round[] = [];
  #traffic: Traffic | undefined;
  #limitMs = limitMs;

  constructor(options: KillRunOptions, cluster: SoakCluster, engine: SandboxEngine) {
    this.#options = options;
    this.#cluster = cluster;
    this.#engine = engine;
    const all = [...cluster.victims, ...containerVictims(engine), ...engineVictims(engine)];
    this.#victims = all.filter(({ name }) => options.only?.includes(name) ?? true);
    this.#workload = new Workload({ client: cluster.client, namespace, image });
    this.#ledger = new Ledger(cluster.client, namespace);
    this.#changes = new Random(options.seed);
    this.#kills = new Random(options.seed + 1);
  }

  async start(): Promise<void> {
    const { client } = this.#cluster;
    await eventually('the default service account', () =>
      client.raw('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`),
    );
    await this.#workload.start();
    await this.#ledger.start();
    const { spec } = await client.get(services, { namespace, name: served });
    this.#traffic = new Traffic(`http://${spec?.clusterIP}/passwd`);
    await this.#settle(performance.now());
    this.#traffic.start();
  }

  async stop(): Promise<void> {
    await this.#traffic?.stop();
    await this.#ledger.stop();
  }

  async run(): Promise<KillRunReport> {
    for (let calm = 0; calm < calmRounds; calm += 1) await this.#round(undefined);
    this.#limitMs = limitMs * Math.max(1, median(this.#rounds.map(({ settleMs }) => settleMs)) / usualCalmMs);
    for (let kills = 0; kills < this.#options.count; kills += 1) await this.#round(this.#choose());
    await this.#round(undefined);
    const { logFolder } = this.#options;
    if (logFolder !== undefined && this.#rounds.some(({ faults }) => faults.length > 0)) {
      await this.#cluster.keepLogs(logFolder);
    }
    return {
      rounds: this.#rounds,
      limitMs: this.#limitMs,
      writes: this.#ledger.writes,
      requests: this.#traffic?.requests ?? 0,
    };
  }

  #choose(): Victim | undefined {
    return this.#kills.pick(this.#victims.flatMap((victim) => Array.from({ length: victim.weight }, () => victim)));
  }

  async #round(chosen: Victim | undefined): Promise<void> {
    const faults: string[] = [];
    const before = await this.#observe();
    const changed = this.#workload.change(this.#changes).catch((error) => {
      faults.push(`a change was refused: ${String(error)}`);
    });
    const leadMs = this.#kills.below(longestLeadMs);
    await delay(leadMs);
    const since = performance.now();
    const { victim, strike } = await this.#strike(chosen, before);
    await changed;
    const { settleMs, observation, late } = await this.#settle(since);
    if (late !== undefined) faults.push(`not settled within ${inSeconds(this.#limitMs)}: ${late.join('; ')}`);
    faults.push(...computeDisturbances(before, observation, strike.struck), ...(await this.#ledger.check()));
    const failures = (await this.#traffic?.takeFailures()) ?? [];
    if (!strike.interruptsService) faults.push(...new Set(failures));
    const round = { shape: this.#options.shape, number: this.#rounds.length + 1, victim, settleMs, faults };
    this.#rounds.push(round);
    this.#options.onRound?.(round);
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

  /** `late`: the differences that there still were when the limit was over. Throws when it does not settle at all. */
  async #settle(since: number): Promise<{ settleMs: number; observation: Observation; late: string[] | undefined }> {
    let late: string[] | undefined;
    for (;;) {
      const settleMs = performance.now() - since;
      const { differences } = await this.#compare();
      if (differences.length === 0) {
        await delay(holdMs);
        const { differences: soonAfter, observation } = await this.#compare();
        if (soonAfter.length === 0 && observation !== undefined) return { settleMs, observation, late };
      }
      if (settleMs > this.#limitMs) late ??= differences;
      if (settleMs > this.#limitMs * patience) throw await this.#givenUp(differences);
      await delay(100);
    }
  }

  async #compare(): Promise<{ differences: string[]; observation?: Observation }> {
    try {
      const observation = await this.#observe();
      const differences = computeDifferences(this.#workload.asked, observation);
      if (differences.length === 0) await this.#traffic?.request();
      return { differences, observation };
    } catch (error) {
      return { differences: [`no answer: ${String(error)}`] };
    }
  }

  #observe(): Promise<Observation> {
    return observe({ client: this.#cluster.client, docker: this.#engine.docker, namespace, service: served });
  }

  async #givenUp(differences: readonly string[]): Promise<Error> {
    const { logFolder } = this.#options;
    if (logFolder !== undefined) await this.#cluster.keepLogs(logFolder);
    return new Error(`Round ${this.#rounds.length + 1} does not settle: ${differences.join('; ')}`);
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
