/** Keeps the rules of aggregated ClusterRoles: what one gathers are the rules of others, by their labels. */

import { clusterRoles } from '../../api/resources/rbac.ts';
import { isConflict } from '../../api/status-error.ts';
import type { ClusterRole } from '../../api/types/rbac/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Controller } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Reconciler } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { planAggregation } from './aggregation-plan.ts';

export function createAggregationController({ client, informers, controller }: ControllerContext): Controller {
  const roles = informers.of(clusterRoles);

  const reconciler: Reconciler = {
    async reconcile(name) {
      const role = roles.get(name);
      const rules = role && planAggregation(role, roles.list());
      if (role === undefined || rules === undefined) return {};
      try {
        await ifPresent(client.update<ClusterRole>(clusterRoles, changedCopy<ClusterRole>(role, { rules })));
      } catch (error) {
        // Whoever changed it: that change comes here next.
        if (!isConflict(error)) throw error;
      }
      return {};
    },
  };

  // A role may be a part of any that gathers.
  const gathering = () => [...roles.list()].filter((role) => role.aggregationRule).map(({ metadata }) => metadata.name);
  return controller({ reconciler, workers: 1 }).watch(roles, gathering);
}
