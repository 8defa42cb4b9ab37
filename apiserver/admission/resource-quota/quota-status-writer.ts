/** Writes what is used of a quota through the registry of quotas: validated, and only over the version that was judged. */

import type { Stored } from '../../../api/object.ts';
import { resourceQuotas } from '../../../api/resources/core.ts';
import { notFound } from '../../../api/status-error.ts';
import type { ResourceQuota } from '../../../api/types/core/v1.ts';
import type { Registry } from '../../registry/registry.ts';
import { internalWrite } from '../../registry/write-request.ts';
import type { QuotaStatusWriter } from './quota-charger.ts';

const isQuota = (object: Stored): object is Stored<ResourceQuota> => object.kind === resourceQuotas.kind;

/** `registry` is asked when there is something to write: it is made after the plugins are. */
export const createQuotaStatusWriter = (registry: () => Pick<Registry, 'update'>): QuotaStatusWriter => ({
  async updateUsed(key, change) {
    const write = { ...internalWrite, subresource: 'status', isAdmitted: true };
    await registry().update(key, write, (previous) => {
      if (previous === undefined || !isQuota(previous)) throw notFound(resourceQuotas, key.name);
      const used = change(previous);
      return used === undefined ? previous : { ...previous, status: { ...previous.status, used } };
    });
  },
});
