/** How `kubectl get hpa` shows an autoscaler, in either version. */

import type { KubernetesObject } from '../../api/object.ts';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/types/autoscaling/v2.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import type { Column } from '../kind.ts';

/** `toV2` gives the form of autoscaling/v2, which is what the cells are made from. */
export function autoscalerColumns<T extends KubernetesObject>(
  toV2: (object: T) => HorizontalPodAutoscaler,
): readonly Column<T>[] {
  return [
    nameColumn,
    textColumn<T>('Reference', 'What it scales.', (object) => {
      const { kind = '', name = '' } = toV2(object).spec?.scaleTargetRef ?? {};
      return `${kind}/${name}`;
    }),
    textColumn<T>('Targets', 'Measured and wanted values.', (object) => formatTargets(toV2(object))),
    textColumn<T>('MinPods', 'At least so many pods.', (object) => String(toV2(object).spec?.minReplicas ?? '<unset>')),
    {
      ...numberColumn<T>('MaxPods', 'At most so many pods.', (object) => toV2(object).spec?.maxReplicas ?? 0),
      type: 'string',
    },
    {
      ...numberColumn<T>('Replicas', 'Pods now.', (object) => toV2(object).status?.currentReplicas ?? 0),
      type: 'string',
    },
    ageColumn,
  ];
}

const shownTargets = 2;

function formatTargets({ spec, status }: HorizontalPodAutoscaler): string {
  const texts = (spec?.metrics ?? []).map((metric, i) => formatMetric(metric, status?.currentMetrics?.[i]));
  if (texts.length === 0) return '<none>';
  const shown = texts.slice(0, shownTargets).join(', ');
  return texts.length > shownTargets ? `${shown} + ${texts.length - shownTargets} more...` : shown;
}

function formatMetric(metric: MetricSpec, measured: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return `${metric.resource?.name}: ${formatTarget(metric.resource?.target, measured?.resource?.current)}`;
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${formatTarget(metric.containerResource?.target, measured?.containerResource?.current)}`;
    case 'Pods':
      return `${measured?.pods?.current.averageValue ?? '<unknown>'}/${metric.pods?.target.averageValue}`;
    case 'Object':
      return formatValueOrAverage(metric.object?.target, measured?.object?.current);
    case 'External':
      return formatValueOrAverage(metric.external?.target, measured?.external?.current);
    default:
      return '<unknown type>';
  }
}

function formatTarget(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`;
  const share = current?.averageUtilization;
  return `${share === undefined ? '<unknown>' : `${share}%`}/${target?.averageUtilization ?? 0}%`;
}

function formatValueOrAverage(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`;
  return `${current?.value ?? '<unknown>'}/${target?.value}`;
}
