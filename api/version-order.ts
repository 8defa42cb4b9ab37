/**
 * The order of a group's versions as Kubernetes reads their names: `v2`, `v1`, `v2beta1`, `v1beta2`, `v1alpha1`, and then
 * whatever is no such name, by its letters.
 */

import { compareText } from '../base/compare.ts';

/** Negative: `a` is preferred. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [read(a), read(b)];
  if (one === undefined || other === undefined) {
    if (one === other) return compareText(a, b);
    return one === undefined ? 1 : -1;
  }
  return other.stability - one.stability || other.major - one.major || other.minor - one.minor;
}

function read(version: string) {
  const [, major, stage, minor = '0'] = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version) ?? [];
  if (major === undefined) return undefined;
  const stability = stage === undefined ? 2 : stage === 'beta' ? 1 : 0;
  return { stability, major: Number(major), minor: Number(minor) };
}
