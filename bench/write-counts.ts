/** How many writes of which kind API servers answered, from their own counters. */

import type { Client } from '../client/client.ts';

/** `POST pods/binding` → how many. */
export type WriteCounts = ReadonlyMap<string, number>;

const line = /^apiserver_request_total\{([^}]*)\} (\d+)/;
const writes = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);

/** By all these servers together. */
export async function readWriteCounts(servers: readonly Client[]): Promise<WriteCounts> {
  const counts = new Map<string, number>();
  for (const server of servers) {
    const { text } = await server.raw('GET', '/metrics');
    for (const one of text.split('\n')) {
      const [, labels = '', count = '0'] = line.exec(one) ?? [];
      const labelOf = (label: string) => new RegExp(`(?:^|,)${label}="([^"]*)"`).exec(labels)?.[1] ?? '';
      if (!writes.has(labelOf('verb'))) continue;
      const part = labelOf('subresource');
      const name = `${labelOf('verb')} ${labelOf('resource')}${part === '' ? '' : `/${part}`}`;
      counts.set(name, (counts.get(name) ?? 0) + Number(count));
    }
  }
  return counts;
}

/** `1.00 POST pods, 0.25 POST events`: what came in between, for each of `pods`, the most first. */
export function describeWrites(before: WriteCounts, after: WriteCounts, pods: number): string {
  return [...after]
    .map(([name, count]) => ({ name, perPod: (count - (before.get(name) ?? 0)) / pods }))
    .filter(({ perPod }) => perPod >= 0.005)
    .sort((a, b) => b.perPod - a.perPod)
    .map(({ name, perPod }) => `${perPod.toFixed(2)} ${name}`)
    .join(', ');
}
