/** `autoscale deployment/web --max 10`: a HorizontalPodAutoscaler for each workload that is named. */

import { QuantityError, readQuantity } from '../../../api/quantity.ts';
import { apiVersionOf, type ServedResource } from '../../../api/resource.ts';
import { horizontalPodAutoscalers } from '../../../api/resources/autoscaling.ts';
import type { HorizontalPodAutoscaler, MetricSpec } from '../../../api/types/autoscaling/v2.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, countOf, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseSelections } from '../../resources.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const bounds = boundsOf(args);
  const metrics = metricsOf(args);
  const client = await context.client();
  const namespace = await context.oneNamespace();
  const print = await resultPrinter(context, args);
  for (const { kind, names } of await parseSelections(client, textsOf(args, 'resources'))) {
    requireScale(kind);
    if (names.length === 0) throw new UserError(`Name what to scale, for example ${kind.singular}/web`);
    for (const target of names) {
      await client.get(kind, { namespace, name: target });
      const wanted: HorizontalPodAutoscaler = {
        metadata: { name: textOf(args, 'name') ?? target, namespace },
        spec: {
          scaleTargetRef: { apiVersion: apiVersionOf(kind), kind: kind.kind, name: target },
          ...bounds,
          ...(metrics.length > 0 && { metrics }),
        },
      };
      print(horizontalPodAutoscalers, await make(context, args, wanted), 'autoscaled');
    }
  }
}

async function make(context: CommandContext, args: Arguments, wanted: HorizontalPodAutoscaler) {
  const dryRun = dryRunOf(args);
  if (dryRun === 'client') return wanted;
  const client = await context.client();
  const fieldManager = textOf(args, 'field-manager') ?? 'kubecfg-autoscale';
  return await client.create(horizontalPodAutoscalers, wanted, { fieldManager, dryRun: dryRun === 'server' });
}

function boundsOf(args: Arguments): { maxReplicas: number; minReplicas?: number } {
  if (textOf(args, 'max') === undefined) throw new UserError('error: required flag(s) "max" not set');
  const max = countOf(args, 'max', -1);
  if (max < 1) throw new UserError(`error: --max=MAXPODS is required and must be at least 1, max: ${max}`);
  const min = textOf(args, 'min') === undefined ? -1 : countOf(args, 'min', -1);
  if (max < min)
    throw new UserError(`error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
  return { maxReplicas: max, ...(min >= 0 && { minReplicas: min }) };
}

function metricsOf(args: Arguments): MetricSpec[] {
  const percent = textOf(args, 'cpu-percent');
  if (percent !== undefined && textOf(args, 'cpu') !== undefined)
    throw new UserError('error: --cpu and --cpu-percent say the same: give one of them');
  const wanted = [
    ['cpu', textOf(args, 'cpu') ?? (percent && `${countOf(args, 'cpu-percent', 1)}%`)],
    ['memory', textOf(args, 'memory')],
  ] as const;
  return wanted.flatMap(([name, amount]) => (amount === undefined ? [] : [metricOf(name, amount)]));
}

function metricOf(name: string, amount: string): MetricSpec {
  const percent = /^([1-9]\d{0,8})%$/.exec(amount)?.[1];
  if (percent !== undefined) {
    const target = { type: 'Utilization', averageUtilization: Number(percent) };
    return { type: 'Resource', resource: { name, target } };
  }
  if (!isQuantity(amount))
    throw new UserError(`error: invalid --${name} "${amount}": a share such as 80%, or an amount such as 500m`);
  return { type: 'Resource', resource: { name, target: { type: 'AverageValue', averageValue: amount } } };
}

function isQuantity(text: string): boolean {
  try {
    return readQuantity(text).nanos > 0n;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

function requireScale(kind: ServedResource): void {
  if (kind.subresources.some(({ name }) => name === 'scale')) return;
  const where = `${kind.group}/${kind.version}, Resource=${kind.plural}`;
  throw new UserError(
    `error: cannot autoscale a ${kind.kind}: could not find scale subresource for ${where} in discovery information`,
  );
}
