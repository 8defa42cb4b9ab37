/** How long kubelets may cache Secrets and ConfigMaps. Pure. */

/** Up to how many nodes, how many seconds. */
const steps: readonly (readonly [nodes: number, seconds: number])[] = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
];

export function ttlSeconds(nodeCount: number): number {
  return steps.find(([limit]) => nodeCount <= limit)?.[1] ?? 300;
}
