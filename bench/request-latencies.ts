/** How long the API server's requests took, from its own histogram. */

import type { Client } from '../client/client.ts';

export interface Latency {
  readonly verb: string;
  /** `pods/status`. */
  readonly resource: string;
  readonly count: number;
  /** The upper bound of the bucket in which it lies; Infinity beyond the last. */
  readonly p99Seconds: number;
  /** Upper bound → how many took at most so long. */
  readonly buckets: ReadonlyMap<number, number>;
}

/** By verb and resource, since `before`, if it is given. Watches are not counted. */
export async function readLatencies(client: Client, before: readonly Latency[] = []): Promise<readonly Latency[]> {
  const { text } = await client.raw('GET', '/metrics');
  return parseLatencies(text)
    .map((now) => {
      const then = before.find(({ verb, resource }) => verb === now.verb && resource === now.resource);
      const buckets = [...now.buckets].map(
        ([bound, count]) => [bound, count - (then?.buckets.get(bound) ?? 0)] as const,
      );
      return latencyOf(now.verb, now.resource, new Map(buckets));
    })
    .filter(({ count }) => count > 0);
}

/** Of all requests of a verb, and which of them took longest. */
export function latenciesByVerb(all: readonly Latency[]): readonly { whole: Latency; slowest: Latency }[] {
  return [...new Set(all.map(({ verb }) => verb))].flatMap((verb) => {
    const parts = all.filter((one) => one.verb === verb);
    const [slowest] = parts.toSorted((a, b) => b.p99Seconds - a.p99Seconds);
    const sums = new Map<number, number>();
    for (const { buckets } of parts)
      for (const [bound, count] of buckets) sums.set(bound, (sums.get(bound) ?? 0) + count);
    return slowest === undefined ? [] : [{ whole: latencyOf(verb, '', sums), slowest }];
  });
}

const line = /^apiserver_request_duration_seconds_bucket\{([^}]*)\} (\d+)/;

function parseLatencies(text: string): readonly Latency[] {
  const found = new Map<string, { verb: string; resource: string; buckets: Map<number, number> }>();
  for (const one of text.split('\n')) {
    const [, labels = '', count = ''] = line.exec(one) ?? [];
    if (count === '') continue;
    const labelOf = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const verb = labelOf('verb');
    if (verb === 'WATCH' || verb === 'CONNECT') continue;
    const part = labelOf('subresource');
    const resource = `${labelOf('resource')}${part === '' ? '' : `/${part}`}`;
    const series = found.get(`${verb} ${resource}`) ?? { verb, resource, buckets: new Map<number, number>() };
    const bound = labelOf('le');
    const limit = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    series.buckets.set(limit, (series.buckets.get(limit) ?? 0) + Number(count));
    found.set(`${verb} ${resource}`, series);
  }
  return [...found.values()].map(({ verb, resource, buckets }) => latencyOf(verb, resource, buckets));
}

function latencyOf(verb: string, resource: string, buckets: ReadonlyMap<number, number>): Latency {
  const bounds = [...buckets].sort(([a], [b]) => a - b);
  const count = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
  const p99 = bounds.find(([, atMost]) => atMost >= count * 0.99);
  return { verb, resource, count, p99Seconds: p99?.[0] ?? 0, buckets };
}
