/** No write makes a namespace use more than its ResourceQuotas allow. The last to be asked: what it grants is used. */

import { quotaUsageOf } from '../../../api/quota/quota-usages.ts';
import { resourceQuotas } from '../../../api/resources/core.ts';
import { forbidden } from '../../../api/status-error.ts';
import type { Clock } from '../../../base/clock.ts';
import { compareText } from '../../../base/compare.ts';
import type { Logger } from '../../../base/logger.ts';
import { isStored } from '../../../kinds/served-by.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { QuotaCharger, type QuotaStatusWriter } from './quota-charger.ts';
import { type CountedWrite, isConcerned, type LimitedResource, negativeUsage, whyUncovered } from './quota-check.ts';

export interface ResourceQuotaOptions {
  readonly writer: QuotaStatusWriter;
  /** What may be used only where a quota limits it. */
  readonly limitedResources: readonly LimitedResource[];
  readonly clock: Clock;
  readonly logger: Logger;
}

const resize = { group: '', plural: 'pods' };

export function createResourceQuotaPlugin(objects: ObjectReader, options: ResourceQuotaOptions): AdmissionPlugin {
  const charger = new QuotaCharger(options);
  const run = (request: AdmissionRequest) => admit(objects, charger, request, options);
  return {
    name: 'ResourceQuota',
    validate: [
      { handles: { operations: ['CREATE', 'UPDATE'] }, run },
      { handles: { operations: ['UPDATE'], resource: resize, subresource: 'resize' }, run },
    ],
  };
}

async function admit(
  objects: ObjectReader,
  charger: QuotaCharger,
  request: AdmissionRequest,
  { limitedResources, clock }: ResourceQuotaOptions,
): Promise<void> {
  const { namespace } = request;
  const write = countedWrite(request, clock.now());
  if (namespace === undefined || write === undefined) return;
  const present = await objects.all(resourceQuotas, { namespace });
  if (present.length === 0 && limitedResources.length === 0) return;
  const concerned = present.filter((quota) => isConcerned(write, quota));
  const refuse = (why: string) => forbidden(request.kind, request.name, why);
  const why =
    (concerned.length > 0 ? negativeUsage(write) : undefined) ?? whyUncovered(write, present, limitedResources);
  if (why !== undefined) throw refuse(why);
  if (concerned.length === 0) return;
  const quotas = concerned.map(({ metadata }) => metadata.name).sort(compareText);
  const outcome = await charger.charge({ namespace, write, quotas, dryRun: request.dryRun });
  if (outcome.refusal !== undefined) throw refuse(outcome.refusal);
  request.ifNotWritten?.(outcome.giveBack);
}

/** Undefined: quotas do not count it. */
function countedWrite(
  { operation, kind, object, previous, subresource }: AdmissionRequest,
  now: number,
): CountedWrite | undefined {
  // What is never stored is never counted.
  if (object === undefined || !isStored(kind)) return undefined;
  const usage = quotaUsageOf(kind);
  if (usage === undefined) return undefined;
  const counts =
    operation === 'CREATE' || (usage.countsUpdates !== undefined && usage.countsUpdates.subresource === subresource);
  return counts ? { usage, object, previous, now } : undefined;
}
