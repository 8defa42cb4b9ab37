/** Which users are nodes: those whose name says so and who are in the group of nodes. */

import type { User } from './user.ts';

const prefix = 'system:node:';
const nodesGroup = 'system:nodes';

/** Undefined: not a node. Empty: a node, but nobody knows which. */
export function nodeNameOf({ name, groups }: User): string | undefined {
  return name.startsWith(prefix) && groups.includes(nodesGroup) ? name.slice(prefix.length) : undefined;
}
