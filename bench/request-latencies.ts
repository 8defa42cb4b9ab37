/** How long the API server's requests took, by verb, from its own histogram. */

import type { Client } from '../client/client.ts';

export interface Latency {
  readonly verb: string;
  readonly count: number;
  /** The upper bound of the bucket in which it lies; Infinity beyond the last. */
  readonly p99Seconds: number;
  /** Upper bound → how many took at most so long. */
  readonly buckets: ReadonlyMap<number, number>;
}

/** Since `before`, if it is given. Watches are not counted. */
export async function readLatencies(client: Client, before: readonly Latency[] = []): Promise<readonly Latency[]> {
  const { text } = await client.raw('GET', '/metrics');
  return parseLatencies(text).map((now) => {
    const then = before.find(({ verb }) => verb === now.verb);
    const buckets = new Map([...now.buckets].map(([bound, count]) => [bound, count - (then?.buckets.get(bound) ?? 0)]));
    return latencyOf(now.verb, buckets);
  });
}

const line = /^apiserver_request_duration_seconds_bucket\{([^}]*)\} (\d+)/;

function parseLatencies(text: string): readonly Latency[] {
  const byVerb = new Map<string, Map<number, number>>();
  for (const one of text.split('\n')) {
    const [, labels = '', count = ''] = line.exec(one) ?? [];
    if (count === '') continue;
    const verb = /verb="([^"]*)"/.exec(labels)?.[1] ?? '';
    const bound = /le="([^"]*)"/.exec(labels)?.[1] ?? '';
    if (verb === 'WATCH' || verb === 'CONNECT') continue;
    const buckets = byVerb.get(verb) ?? new Map<number, number>();
    const limit = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(limit, (buckets.get(limit) ?? 0) + Number(count));
    byVerb.set(verb, buckets);
  }
  return [...byVerb].map(([verb, buckets]) => latencyOf(verb, buckets)).filter(({ count }) => count > 0);
}

function latencyOf(verb: string, buckets: ReadonlyMap<number, number>): Latency {
  const bounds = [...buckets].sort(([a], [b]) => a - b);
  const count = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
  const p99 = bounds.find(([, atMost]) => atMost >= count * 0.99);
  return { verb, count, p99Seconds: p99?.[0] ?? 0, buckets };
}
