import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterRole } from '../../api/types/rbac/v1.ts';
import { planAggregation } from './aggregation-plan.ts';

const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const secrets = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
const part = (name: string, rules: ClusterRole['rules'], labels = { part: 'yes' }): ClusterRole => ({
  metadata: { name, labels },
  ...(rules && { rules }),
});
const gathering = (rules?: ClusterRole['rules']): ClusterRole => ({
  metadata: { name: 'all', labels: { part: 'yes' } },
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }, { matchLabels: { other: 'yes' } }] },
  ...(rules && { rules }),
});

describe('the rules of an aggregated role', () => {
  it('are those of its parts, in the order of their names, each once', () => {
    const parts = [part('b', [pods]), part('a', [secrets, pods]), part('c', undefined)];
    assert.deepEqual(planAggregation(gathering(), [...parts, gathering([secrets])]), [secrets, pods]);
  });

  it('are left alone when they are right, or when the role gathers none', () => {
    assert.equal(planAggregation(gathering([pods]), [part('a', [pods])]), undefined);
    assert.equal(planAggregation(part('a', [pods]), [part('b', [secrets])]), undefined);
  });

  it('go when their part goes, or is a part no more', () => {
    assert.deepEqual(planAggregation(gathering([pods]), [part('a', [pods], { part: 'no' })]), []);
  });
});
