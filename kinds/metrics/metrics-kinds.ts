/**
 * The kinds of metrics.k8s.io, as upstream's metrics-server has them. They are no rows of the table of kinds: a server
 * adds them when it is to measure, and takes them away (`KindRegistry.remove`) when another serves the group.
 */

import { addAmounts, readAmounts, writeAmounts } from '../../api/amounts.ts';
import type { Quantity } from '../../api/quantity.ts';
import {
  type NodeMetrics,
  nodeMetrics,
  type PodMetrics,
  podMetrics,
  type ResourceUsage,
} from '../../api/resources/metrics.ts';
import { defineSchema, type FactSchema } from '../../machinery/schema/schema.ts';
import { defineKind } from '../define-kind.ts';
import type { Column, Kind } from '../kind.ts';

const quantities: FactSchema = {
  type: 'object',
  additionalProperties: { $ref: 'io.k8s.apimachinery.pkg.api.resource.Quantity' },
};

const measured: Readonly<Record<string, FactSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
  timestamp: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time' },
  window: { type: 'string' },
};

const containerMetrics: FactSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, usage: quantities },
  required: ['name', 'usage'],
};

function columnsOf<T extends NodeMetrics | PodMetrics>(usageOf: (object: T) => ResourceUsage): readonly Column<T>[] {
  const amount = (name: string): Column<T> => ({
    name,
    type: 'string',
    format: 'quantity',
    description: '',
    cell: (object) => usageOf(object)[name] ?? '0',
  });
  return [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the resource',
      cell: (object) => object.metadata.name,
    },
    amount('cpu'),
    amount('memory'),
    { name: 'Window', type: 'string', format: 'duration', description: '', cell: (object) => object.window ?? '' },
  ];
}

function sumOfContainers({ containers = [] }: PodMetrics): ResourceUsage {
  const sum = new Map<string, Quantity>();
  for (const { usage } of containers) addAmounts(sum, readAmounts(usage));
  return writeAmounts(sum);
}

const nodeMetricsKind = defineKind(nodeMetrics, {
  singular: '',
  servedBy: 'nodeMetrics',
  columns: columnsOf<NodeMetrics>(({ usage = {} }) => usage),
  schema: defineSchema('io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics', {
    type: 'object',
    properties: { ...measured, usage: quantities },
    required: ['timestamp', 'window', 'usage'],
  }),
});

const podMetricsKind = defineKind(podMetrics, {
  singular: '',
  servedBy: 'podMetrics',
  columns: columnsOf<PodMetrics>(sumOfContainers),
  schema: defineSchema('io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics', {
    type: 'object',
    properties: { ...measured, containers: { type: 'array', items: containerMetrics } },
    required: ['timestamp', 'window', 'containers'],
  }),
});

export const metricsKinds: readonly Kind[] = [nodeMetricsKind, podMetricsKind];
