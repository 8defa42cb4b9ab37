/** The scheduler's decisions in random worlds: what must hold whatever the nodes and pods. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { own } from '../api/json-record.ts';
import { type DecisionContext, decide } from './decision.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { Nominations } from './nominations.ts';
import { CandidateMemory, computePreemption } from './plugins/preemption.ts';
import type { PodInfo } from './pod-info.ts';
import { Snapshot } from './snapshot.ts';
import { TemplateMemory } from './template-results.ts';
import { listersOf, nodeOf, type PodPicture, podOf } from './testing/pictures.ts';

const zones = ['a', 'b', 'c'] as const;
const runs = { numRuns: 150 };

const nodeArbitrary = fc.record({ zone: fc.constantFrom(...zones), cpu: fc.integer({ min: 1, max: 4 }) });
const term = (app: string, topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: { app } } });
const topology = fc.constantFrom('zone', 'kubernetes.io/hostname');
const app = fc.constantFrom('x', 'y');

/** Pods that ask for room, for company, for distance, for spreading. */
const podArbitrary: fc.Arbitrary<PodPicture> = fc
  .record({
    ...{ own: app, cpu: fc.integer({ min: 100, max: 1500 }), priority: fc.integer({ min: 0, max: 3 }) },
    wish: fc.constantFrom('none', 'near', 'far', 'spread', 'rather near', 'rather far'),
    ...{ other: app, topologyKey: topology },
  })
  .map(({ own: name, cpu, priority, wish, other, topologyKey }) => {
    const base = { labels: { app: name }, requests: { cpu: `${cpu}m` }, priority };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: [term(other, topologyKey)] };
    const preferred = {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term(other, topologyKey) }],
    };
    switch (wish) {
      case 'near':
        return { ...base, affinity: { podAffinity: required } };
      case 'far':
        return { ...base, affinity: { podAntiAffinity: required } };
      case 'rather near':
        return { ...base, affinity: { podAffinity: preferred } };
      case 'rather far':
        return { ...base, affinity: { podAntiAffinity: preferred } };
      case 'spread':
        return { ...base, topologySpreadConstraints: [spreadOf(name, topologyKey)] };
      default:
        return base;
    }
  });

const spreadOf = (name: string, topologyKey: string) => ({
  ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule' },
  labelSelector: { matchLabels: { app: name } },
});

type Nodes = readonly { readonly zone: (typeof zones)[number]; readonly cpu: number }[];

const nodeObject = ({ zone, cpu }: Nodes[number], i: number) =>
  nodeOf(`n${i}`, { labels: { zone }, allocatable: { cpu: String(cpu) } });

function worldOf(nodes: Nodes): DecisionContext {
  const snapshot = new Snapshot();
  nodes.forEach((node, i) => {
    snapshot.setNode(nodeObject(node, i));
  });
  return contextOf(snapshot);
}

const contextOf = (snapshot: Snapshot): DecisionContext => ({
  ...{ snapshot, plugins: createDefaultPlugins(listersOf()), templates: new TemplateMemory() },
  ...{ nominations: new Nominations(), random: () => 0 },
});

function placedIn({ snapshot }: DecisionContext): Map<string, PodInfo[]> {
  return new Map([...snapshot.nodes()].map(({ name, pods }) => [name, [...pods.values()]]));
}

/** Node → whether it would do, and why not. */
function answers(pod: PodInfo, context: DecisionContext): unknown {
  const decision = decide(pod, context);
  if (decision.type === 'node') return 'placed';
  if (decision.because === 'pod') return decision.refusal.reasons;
  return [...decision.refused.refusals].map(([{ name }, { reasons }]) => [name, reasons]).sort();
}

describe('decisions in random worlds', () => {
  it('never overfill a node, and put no pod twice', () => {
    fc.assert(
      fc.property(
        fc.array(nodeArbitrary, { minLength: 1, maxLength: 6 }),
        fc.array(podArbitrary, { maxLength: 25 }),
        (nodes, pods) => {
          const context = worldOf(nodes);
          pods.forEach((picture, i) => {
            const pod = podOf(`p${i}`, picture);
            const decision = decide(pod, context);
            if (decision.type === 'node') context.snapshot.assume(pod, decision.node);
          });
          const seen = new Set<string>();
          for (const node of context.snapshot.nodes()) {
            const used = [...node.pods.values()].reduce((sum, pod) => sum + (pod.requests.get('cpu') ?? 0), 0);
            assert.ok(used <= (node.allocatable.get('cpu') ?? 0));
            for (const key of node.pods.keys()) assert.ok(!seen.has(key) && seen.add(key));
          }
        },
      ),
      runs,
    );
  });

  it('keep the skew within maxSkew while pods of one kind come', () => {
    fc.assert(
      fc.property(
        fc.array(nodeArbitrary, { minLength: 1, maxLength: 6 }),
        topology,
        fc.integer({ min: 1, max: 20 }),
        (nodes, key, count) => {
          const context = worldOf(nodes);
          for (let i = 0; i < count; i++) {
            const picture = {
              labels: { app: 'x' },
              requests: { cpu: '500m' },
              topologySpreadConstraints: [spreadOf('x', key)],
            };
            const pod = podOf(`p${i}`, picture);
            const decision = decide(pod, context);
            if (decision.type === 'node') context.snapshot.assume(pod, decision.node);
            const counts = new Map<string, number>();
            for (const { labels, pods } of context.snapshot.nodes()) {
              const value = own(labels, key) ?? '';
              counts.set(value, (counts.get(value) ?? 0) + pods.size);
            }
            assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 1);
          }
        },
      ),
      runs,
    );
  });

  it('are the same on sums that were kept while pods came and went as on a new snapshot', () => {
    const change = fc.record({ pod: podArbitrary, node: fc.nat(), drop: fc.nat(), relabel: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(nodeArbitrary, { minLength: 2, maxLength: 5 }),
        fc.array(change, { minLength: 1, maxLength: 25 }),
        (nodes, changes) => {
          const kept = worldOf(nodes);
          const now = [...nodes];
          changes.forEach(({ pod, node, drop, relabel }, i) => {
            const info = podOf(`p${i}`, pod);
            // Asking is what makes the sums that are then kept.
            answers(info, kept);
            kept.snapshot.setPod(info, `n${node % nodes.length}`);
            if (drop % 3 === 0) kept.snapshot.removePod(`default/p${drop % (i + 1)}`);
            if (relabel) {
              const at = drop % now.length;
              const old = now[at];
              if (old === undefined) return;
              now[at] = { ...old, zone: zones[(zones.indexOf(old.zone) + 1) % 3] ?? 'a' };
              kept.snapshot.setNode(nodeObject(now[at] ?? old, at));
            }
          });
          const fresh = worldOf(now);
          for (const [name, pods] of placedIn(kept)) for (const pod of pods) fresh.snapshot.setPod(pod, name);
          changes.forEach(({ pod }, i) => {
            const asked = podOf(`asked-${i}`, pod);
            assert.deepEqual(answers(asked, kept), answers(asked, fresh));
          });
        },
      ),
      runs,
    );
  });
});

describe('preemption in random worlds', () => {
  it('takes only lesser pods, only as many as it needs, and makes room; with a memory as without', () => {
    fc.assert(
      fc.property(
        fc.array(nodeArbitrary, { minLength: 1, maxLength: 5 }),
        fc.array(podArbitrary, { maxLength: 20 }),
        (nodes, pods) => {
          const context = worldOf(nodes);
          const memory = new CandidateMemory();
          pods.forEach((picture, i) => {
            const pod = podOf(`p${i}`, picture);
            const decision = decide(pod, context);
            if (decision.type === 'node') context.snapshot.assume(pod, decision.node);
            if (decision.type === 'node' || decision.because === 'pod') return;
            const { snapshot } = context;
            const input = { snapshot, budgets: [], now: 0 };
            const found = computePreemption(pod, decision.refused, { ...input, memory });
            assert.deepEqual(found, computePreemption(pod, decision.refused, input));
            if (found.type === 'none') return;
            assert.ok(found.victims.length > 0 && found.victims.every(({ priority }) => priority < pod.priority));
            const fitsWithout = (gone: readonly PodInfo[]) => fitsOn(pod, found.node.name, context, gone);
            assert.ok(fitsWithout(found.victims));
            for (const one of found.victims) assert.ok(!fitsWithout(found.victims.filter((other) => other !== one)));
            for (const { key } of found.victims) snapshot.removePod(key);
            snapshot.assume(pod, found.node);
          });
        },
      ),
      runs,
    );
  });
});

/** Whether the pod fits on that node once these are gone; all other nodes are cordoned. */
function fitsOn(pod: PodInfo, nodeName: string, { snapshot }: DecisionContext, gone: readonly PodInfo[]): boolean {
  const copy = new Snapshot();
  for (const { node, pods, name } of snapshot.nodes()) {
    copy.setNode(name === nodeName ? node : { ...node, spec: { ...node.spec, unschedulable: true } });
    for (const placed of pods.values()) if (!gone.includes(placed)) copy.setPod(placed, name);
  }
  return decide(pod, contextOf(copy)).type === 'node';
}
