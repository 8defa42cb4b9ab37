/**
 * What plugins of scope `template` said about each node, remembered for all pods of one template. An answer counts as
 * long as the node's generation is the one it was given for, so a decision asks only about nodes that changed.
 */

import { type Candidates, candidatesOf } from './candidates.ts';
import {
  type Help,
  isRefusal,
  type NodeFilter,
  type NodeScore,
  type Plugins,
  type Refusal,
  type ScorePlugin,
} from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

interface TemplateScore {
  readonly plugin: ScorePlugin;
  readonly prepared: NodeScore;
  raw: Float64Array;
}

export class TemplateResults {
  /** Set when the pods of this template can run nowhere, whatever the node. */
  readonly refusal: Refusal | undefined;
  readonly candidates: readonly Candidates[];
  readonly scores: readonly TemplateScore[];
  readonly #filters: readonly NodeFilter[];
  #nodes: (NodeInfo | undefined)[] = [];
  #generations = new Float64Array(0);
  #refusals: (Refusal | undefined)[] = [];
  /** Of nodes for which pods were nominated. */
  readonly #besideRivals = new WeakMap<
    NodeInfo,
    { readonly generation: number; readonly rivals: readonly PodInfo[]; readonly refusal: Refusal | undefined }
  >();

  constructor(pod: PodInfo, plugins: Plugins, snapshot: Snapshot) {
    const filters: NodeFilter[] = [];
    const candidates: Candidates[] = [];
    for (const plugin of plugins.filters) {
      if (plugin.scope !== 'template') continue;
      const prepared = plugin.prepareFilter(pod, snapshot);
      if (isRefusal(prepared)) this.refusal ??= prepared;
      else if (prepared !== undefined) {
        filters.push(prepared);
        candidates.push(...candidatesOf(plugin.name, prepared));
      }
    }
    this.candidates = candidates;
    this.#filters = filters;
    this.scores = plugins.scores
      .filter(({ scope }) => scope === 'template')
      .flatMap((plugin) => {
        const prepared = plugin.prepareScore(pod, snapshot, []);
        return prepared === undefined ? [] : [{ plugin, prepared, raw: new Float64Array(0) }];
      });
  }

  /** Why the node will not do, or undefined. Also brings the node's raw scores up to date. */
  refuse(node: NodeInfo): Refusal | undefined {
    const { slot } = node;
    if (slot >= this.#generations.length) this.#grow(slot + 1);
    if (this.#nodes[slot] === node && this.#generations[slot] === node.generation) return this.#refusals[slot];
    const refusal = this.refuseUnremembered(node);
    this.#nodes[slot] = node;
    this.#generations[slot] = node.generation;
    this.#refusals[slot] = refusal;
    if (refusal === undefined) for (const score of this.scores) score.raw[slot] = score.prepared.score(node);
    return refusal;
  }

  /** The same for a node as it might be. */
  refuseUnremembered(node: NodeInfo): Refusal | undefined {
    for (const filter of this.#filters) {
      const refusal = filter.refuse(node);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** The same for the node with these pods on it, too. The same list of pods means the same answer while the node stays. */
  refuseBeside(node: NodeInfo, rivals: readonly PodInfo[]): Refusal | undefined {
    const { generation } = node;
    const known = this.#besideRivals.get(node);
    if (known?.generation === generation && known.rivals === rivals) return known.refusal;
    const crowded = node.clone();
    for (const rival of rivals) crowded.add(rival);
    const refusal = this.refuseUnremembered(crowded);
    this.#besideRivals.set(node, { generation, rivals, refusal });
    return refusal;
  }

  /** What every filter that refuses the node says would help. */
  obstacles(node: NodeInfo): readonly Help[] {
    return obstaclesOf(this.#filters, node);
  }

  #grow(slots: number): void {
    const size = Math.max(64, 2 ** Math.ceil(Math.log2(slots)));
    const enlarge = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(size);
      next.set(old);
      return next;
    };
    this.#generations = enlarge(this.#generations);
    for (const score of this.scores) score.raw = enlarge(score.raw);
  }
}

/** A filter that does not say what would help has said why it refuses. */
export function obstaclesOf(filters: readonly NodeFilter[], node: NodeInfo): readonly Help[] {
  return filters.flatMap((filter) => {
    const refusal = filter.refuse(node);
    if (refusal === undefined) return [];
    const help = filter.help?.(node);
    return help !== undefined && help.steps.length > 0
      ? [help]
      : [{ steps: refusal.reasons, distance: refusal.resolvable ? 1 : 2 }];
  });
}

const rememberedTemplates = 32;

/** The results of the templates that were asked for last. */
export class TemplateMemory {
  readonly #results = new Map<string, TemplateResults>();

  resultsFor(pod: PodInfo, plugins: Plugins, snapshot: Snapshot): TemplateResults {
    let results = this.#results.get(pod.template);
    if (results === undefined) results = new TemplateResults(pod, plugins, snapshot);
    else this.#results.delete(pod.template);
    this.#results.set(pod.template, results);
    for (const oldest of this.#results.keys()) {
      if (this.#results.size <= rememberedTemplates) break;
      this.#results.delete(oldest);
    }
    return results;
  }
}
