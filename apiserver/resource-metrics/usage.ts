/** What is used, from two samples of counters: as upstream's metrics-server reckons it. Pure. */

import type { ResourceUsage } from '../../api/resources/metrics.ts';
import type { NodeSample, Point } from './exposition.ts';

export interface Usage {
  /** The end of the window: wall time in milliseconds. */
  readonly at: number;
  readonly windowMs: number;
  readonly usage: ResourceUsage;
}

export interface PodUsage extends Omit<Usage, 'usage'> {
  readonly containers: readonly { readonly name: string; readonly usage: ResourceUsage }[];
}

export interface SamplePair {
  readonly before: NodeSample;
  readonly after: NodeSample;
}

/** What has run for less has not shown yet what it uses. */
const freshContainerMs = 10_000;

/** Undefined: nothing can be said. */
export const usageOfNode = ({ before, after }: SamplePair): Usage | undefined =>
  after.node && usageBetween(before.node, after.node);

/** Undefined unless something can be said of each of its containers. `key`: `namespace/name`. */
export function usageOfPod({ before, after }: SamplePair, key: string): PodUsage | undefined {
  const points = [...(after.pods.get(key) ?? [])];
  const measured = points.flatMap(([name, point]) => {
    const found = usageBetween(before.pods.get(key)?.get(name), point);
    return found === undefined ? [] : [{ name, ...found }];
  });
  const [first, ...others] = measured;
  if (first === undefined || measured.length < points.length) return undefined;
  const { at, windowMs } = others.reduce((a, b) => (b.at < a.at ? b : a), first);
  return { at, windowMs, containers: measured.map(({ name, usage }) => ({ name, usage })) };
}

/** A counter that begins anew is reckoned from when its container was started. */
function usageBetween(before: Point | undefined, after: Point): Usage | undefined {
  const isNewer = after.startedAt !== undefined && (before === undefined || after.startedAt > before.at);
  if (isNewer) {
    const windowMs = after.at - (after.startedAt ?? after.at);
    return windowMs < freshContainerMs ? undefined : usageOver(windowMs, after.cpuSeconds, after);
  }
  if (before === undefined || after.at <= before.at || after.cpuSeconds < before.cpuSeconds) return undefined;
  return usageOver(after.at - before.at, after.cpuSeconds - before.cpuSeconds, after);
}

function usageOver(windowMs: number, cpuSeconds: number, { at, memoryBytes }: Point): Usage {
  const nanoCores = Math.round((cpuSeconds / windowMs) * 1e12);
  return { at, windowMs, usage: { cpu: nanoQuantity(nanoCores), memory: bytesQuantity(memoryBytes) } };
}

/** In the largest unit that needs no fraction, as Go writes quantities. */
function nanoQuantity(nanos: number): string {
  if (nanos === 0) return '0';
  for (const [factor, suffix] of [
    [1e9, ''],
    [1e6, 'm'],
    [1e3, 'u'],
  ] as const)
    if (nanos % factor === 0) return `${nanos / factor}${suffix}`;
  return `${nanos}n`;
}

function bytesQuantity(bytes: number): string {
  for (const [power, suffix] of [
    [40, 'Ti'],
    [30, 'Gi'],
    [20, 'Mi'],
    [10, 'Ki'],
  ] as const)
    if (bytes > 0 && bytes % 2 ** power === 0) return `${bytes / 2 ** power}${suffix}`;
  return String(Math.round(bytes));
}

/** As Go writes a duration: `1m15s`, `2.004s`, `850ms`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  return `${hours > 0 ? `${hours}h` : ''}${ms >= 60_000 ? `${minutes}m` : ''}${seconds}s`;
}
