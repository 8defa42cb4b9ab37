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

const infoOf = (pod: BenchPod): PodInfo => createPodInfo(storedObject(podResource, pod));

export function measureCycle({ nodes, placed, pods, podOf, placedPodOf = podOf }: SchedulerCase): CycleRate {
  const snapshot = new Snapshot();
  for (let i = 0; i < nodes; i++) snapshot.setNode(storedObject(nodeResource, benchNode(i)));
  for (let i = 0; i < placed; i++) snapshot.setPod(infoOf(placedPodOf(`placed-${i}`)), `node-${i % nodes}`);
  const context = createContext(snapshot);
  // What is measured is a scheduler that has run for a while.
  for (let i = 0; i < 200; i++) decide(infoOf(podOf(`warm-${i}`)), context);
  const memory = new CandidateMemory();
  const began = process.cpuUsage();
  let count = 0;
  for (let i = 0; i < pods; i++) if (place(infoOf(podOf(`pod-${i}`)), { ...context, memory })) count++;
  const { user, system } = process.cpuUsage(began);
  return { perSecond: pods / ((user + system) / 1e6), placed: count };
}

function createContext(snapshot: Snapshot): DecisionContext {
  const none = cacheOf<never>([]);
  const controllers = { replicationControllers: none, replicaSets: none, statefulSets: none };
  const plugins = createDefaultPlugins({ services: none, namespaces: none, ...controllers });
  return { snapshot, plugins, templates: new TemplateMemory(), nominations: new Nominations(), random: Math.random };
}

/** As the loop does; victims go at once. */
function place(pod: PodInfo, { memory, ...context }: DecisionContext & { memory: CandidateMemory }): boolean {
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
