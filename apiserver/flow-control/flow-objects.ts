/**
 * The priority levels and flow schemas that every cluster has, as upstream has them. Those that are mandatory stay as
 * they are here; the others are suggestions, which an administrator may change.
 */

import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol/v1.ts';

export interface FlowObject<Spec> {
  readonly name: string;
  readonly spec: Spec;
  readonly isMandatory?: boolean;
}

const limited = (
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues: number,
  handSize = 6,
): FlowObject<PriorityLevelConfigurationSpec> => ({
  name,
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares,
      lendablePercent,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  },
});

export const priorityLevels: readonly FlowObject<PriorityLevelConfigurationSpec>[] = [
  {
    name: 'exempt',
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
    isMandatory: true,
  },
  {
    name: 'catch-all',
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
    isMandatory: true,
  },
  limited('system', 30, 33, 64),
  limited('node-high', 40, 25, 64),
  limited('leader-election', 10, 0, 16, 4),
  limited('workload-high', 40, 50, 128),
  limited('workload-low', 100, 90, 128),
  limited('global-default', 20, 50, 128),
];

const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const account = (name: string): Subject => ({
  kind: 'ServiceAccount',
  serviceAccount: { name, namespace: 'kube-system' },
});
const everybody = [group('system:unauthenticated'), group('system:authenticated')];

const allResources: ResourcePolicyRule = {
  ...{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
};
const allPaths: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] };

/** In namespaces only. */
const namespaced = (verbs: string[], apiGroup: string, ...resources: string[]): ResourcePolicyRule => ({
  ...{ verbs, apiGroups: [apiGroup], resources, namespaces: ['*'] },
});
const electing = ['get', 'create', 'update'];
const leases = 'coordination.k8s.io';

interface Flows {
  readonly level: string;
  readonly precedence: number;
  /** Absent: all its requests are one flow. */
  readonly by?: 'ByUser' | 'ByNamespace';
  readonly subjects: readonly Subject[];
  /** Default: everything. */
  readonly resourceRules?: readonly ResourcePolicyRule[];
  readonly nonResourceRules?: readonly NonResourcePolicyRule[];
  readonly isMandatory?: boolean;
}

function schema(
  name: string,
  { level, precedence, by, subjects, isMandatory, ...rules }: Flows,
): FlowObject<FlowSchemaSpec> {
  const isEverything = rules.resourceRules === undefined && rules.nonResourceRules === undefined;
  const { resourceRules, nonResourceRules } = isEverything
    ? { resourceRules: [allResources], nonResourceRules: [allPaths] }
    : rules;
  return {
    name,
    spec: {
      matchingPrecedence: precedence,
      priorityLevelConfiguration: { name: level },
      ...(by !== undefined && { distinguisherMethod: { type: by } }),
      rules: [
        {
          subjects: [...subjects],
          ...(resourceRules !== undefined && { resourceRules: [...resourceRules] }),
          ...(nonResourceRules !== undefined && { nonResourceRules: [...nonResourceRules] }),
        },
      ],
    },
    ...(isMandatory && { isMandatory }),
  };
}

const byUser = 'ByUser';
const byNamespace = 'ByNamespace';

export const flowSchemas: readonly FlowObject<FlowSchemaSpec>[] = [
  schema('exempt', { level: 'exempt', precedence: 1, subjects: [group('system:masters')], isMandatory: true }),
  schema('probes', {
    ...{ level: 'exempt', precedence: 2, subjects: everybody },
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', {
    ...{ level: 'leader-election', precedence: 100, by: byUser },
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), account('*')],
    resourceRules: [namespaced(electing, leases, 'leases')],
  }),
  schema('endpoint-controller', {
    ...{ level: 'workload-high', precedence: 150, by: byUser },
    subjects: [
      user('system:kube-controller-manager'),
      account('endpoint-controller'),
      account('endpointslicemirroring-controller'),
    ],
    resourceRules: [namespaced(electing, '', 'endpoints')],
  }),
  schema('workload-leader-election', {
    ...{ level: 'leader-election', precedence: 200, by: byUser, subjects: [account('*')] },
    resourceRules: [namespaced(electing, '', 'endpoints', 'configmaps'), namespaced(electing, leases, 'leases')],
  }),
  schema('system-node-high', {
    ...{ level: 'node-high', precedence: 400, by: byUser, subjects: [group('system:nodes')] },
    resourceRules: [
      { ...allResources, apiGroups: [''], resources: ['nodes', 'nodes/status'] },
      namespaced(['*'], leases, 'leases'),
    ],
  }),
  schema('system-nodes', { level: 'system', precedence: 500, by: byUser, subjects: [group('system:nodes')] }),
  schema('kube-controller-manager', {
    ...{ level: 'workload-high', precedence: 800, by: byNamespace },
    subjects: [user('system:kube-controller-manager')],
  }),
  schema('kube-scheduler', {
    ...{ level: 'workload-high', precedence: 800, by: byNamespace },
    subjects: [user('system:kube-scheduler')],
  }),
  schema('kube-system-service-accounts', {
    ...{ level: 'workload-high', precedence: 900, by: byNamespace, subjects: [account('*')] },
  }),
  schema('service-accounts', {
    ...{ level: 'workload-low', precedence: 9000, by: byUser, subjects: [group('system:serviceaccounts')] },
  }),
  schema('global-default', { level: 'global-default', precedence: 9900, by: byUser, subjects: everybody }),
  schema('catch-all', { level: 'catch-all', precedence: 10_000, by: byUser, subjects: everybody, isMandatory: true }),
];
