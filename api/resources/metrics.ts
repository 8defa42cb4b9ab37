/** The resources of metrics.k8s.io: what nodes and pods use. They are measured when they are asked for, and not stored. */

import type { KubernetesObject } from '../object.ts';
import { resource } from '../resource.ts';

/** Quantities by resource: `cpu`, `memory`. */
export type ResourceUsage = Readonly<Record<string, string>>;

interface Measured extends KubernetesObject {
  /** The end of the time over which it was measured. */
  readonly timestamp?: string;
  /** How long that was, as Go writes it: `15.2s`. */
  readonly window?: string;
}

export interface NodeMetrics extends Measured {
  readonly usage?: ResourceUsage;
}

export interface PodMetrics extends Measured {
  readonly containers?: readonly { readonly name: string; readonly usage: ResourceUsage }[];
}

const version = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;

export const nodeMetrics = resource<NodeMetrics>({
  ...version,
  kind: 'NodeMetrics',
  plural: 'nodes',
  namespaced: false,
});
export const podMetrics = resource<PodMetrics>({ ...version, kind: 'PodMetrics', plural: 'pods' });
