/** The scheduling cycle alone, in this process: no API, no informers. Rates are by CPU time, so that others' load counts little. */

import { nodes as nodeResource, pods as podResource } from '../api/resources/core.ts';
import { cacheOf, storedObject } from '../client/testing/stored-object.ts';
import { type DecisionContext, decide } from '../scheduler/decision.ts';
import { createDefaultPlugins } from '../scheduler/default-plugins.ts';
import { Nominations } from '../scheduler/nominations.ts';
import { CandidateMemory, computePreemption } from '../scheduler/plugins/preemption.ts';
import { createPodInfo, type PodInfo } from '../scheduler/pod-info.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import { TemplateMemory } from '../scheduler/template-results.ts';
import { type BenchPod, benchNode, type SchedulerCase } from './scheduler-cases.ts';

export interface CycleRate {
  /** Pods for each second of CPU. */
  readonly perSecond: number;
  /** Of the pods that were tried. */
  readonly placed: number;
}

export function measureCycle(one: SchedulerCase): CycleRate {
  const world = new CycleWorld(one);
  const { seconds, placed } = world.place(one.pods);
  return { perSecond: one.pods / seconds, placed };
}

const infoOf = (pod: BenchPod): PodInfo => createPodInfo(storedObject(podResource, pod));

/** What a scheduler sees that has run for a while: the nodes of a case, and the pods that were placed before. */
export class CycleWorld {
  readonly #podOf: SchedulerCase['podOf'];
  readonly #context: DecisionContext;
  readonly #memory = new CandidateMemory();
  readonly #added: PodInfo[] = [];

  constructor({ nodes, placed, podOf, placedPodOf = podOf }: SchedulerCase) {
    const snapshot = new Snapshot();
    for (let i = 0; i < nodes; i++) snapshot.setNode(storedObject(nodeResource, benchNode(i)));
    for (let i = 0; i < placed; i++) snapshot.setPod(infoOf(placedPodOf(`placed-${i}`)), `node-${i % nodes}`);
    this.#podOf = podOf;
    this.#context = createContext(snapshot);
    for (let i = 0; i < 200; i++) decide(infoOf(podOf(`warm-${i}`)), this.#context);
  }

  /** So many more pods are decided on: the CPU that takes, and how many got a node. */
  place(count: number): { readonly seconds: number; readonly placed: number } {
    const first = this.#added.length;
    const began = process.cpuUsage();
    let placed = 0;
    for (let i = first; i < first + count; i++) {
      const pod = infoOf(this.#podOf(`pod-${i}`));
      if (placePod(pod, { ...this.#context, memory: this.#memory })) placed++;
      this.#added.push(pod);
    }
    const { user, system } = process.cpuUsage(began);
    return { seconds: (user + system) / 1e6, placed };
  }

  /** Only those are left that were there from the start. */
  takeBack(): void {
    for (const { key } of this.#added.splice(0)) this.#context.snapshot.removePod(key);
  }
}

function createContext(snapshot: Snapshot): DecisionContext {
  const none = cacheOf<never>([]);
  const controllers = { replicationControllers: none, replicaSets: none, statefulSets: none };
  const plugins = createDefaultPlugins({ services: none, namespaces: none, ...controllers });
  return { snapshot, plugins, templates: new TemplateMemory(), nominations: new Nominations(), random: Math.random };
}

/** As the loop does; victims go at once. */
function placePod(pod: PodInfo, { memory, ...context }: DecisionContext & { memory: CandidateMemory }): boolean {
  const { snapshot } = context;
  const decision = decide(pod, context);
  if (decision.type === 'node') {
    snapshot.assume(pod, decision.node);
    return true;
  }
  if (decision.because !== 'nodes') return false;
  const preemption = computePreemption(pod, decision.refused, { snapshot, budgets: [], now: Date.now(), memory });
  if (preemption.type === 'none') return false;
  for (const { key } of preemption.victims) snapshot.removePod(key);
  snapshot.assume(pod, preemption.node);
  return true;
}
