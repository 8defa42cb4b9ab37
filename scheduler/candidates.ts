/** The nodes that filters left in question, before any of them is asked about a single node. */

import type { NodeFilter, Refusal } from './framework.ts';
import type { NodeInfo } from './node-info.ts';

/** What one plugin left in question, and what it says of all other nodes. */
export interface Candidates {
  readonly names: ReadonlySet<string>;
  readonly refusal: Refusal;
}

/** One element if the filter of `plugin` names its candidates, none if all nodes are in question. */
export function candidatesOf(plugin: string, { candidates }: NodeFilter): readonly Candidates[] {
  if (candidates === undefined) return [];
  // Upstream's words.
  const reasons = [`node(s) didn't satisfy plugin(s) [${plugin}]`];
  return [{ names: candidates, refusal: { plugin, reasons, resolvable: false } }];
}

/** A node is in question if it is a candidate of all; otherwise the first of which it is none speaks for it. */
export function refuseByCandidates(all: readonly Candidates[], node: NodeInfo): Refusal | undefined {
  for (const { names, refusal } of all) if (!names.has(node.name)) return refusal;
  return undefined;
}
