/** What a cluster writes down when nobody says anything else: who changed what, when, and with what result. */

import type { AuditPolicy, PolicyRule } from './audit-policy.ts';

const everything = {
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: [],
};

const rule = (rest: Partial<PolicyRule> & Pick<PolicyRule, 'level'>): PolicyRule => ({ ...everything, ...rest });
const named = (group: string, ...resources: readonly string[]) => ({ group, resources, resourceNames: [] });

const writes = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const saying = ['create', 'update', 'patch'];

/** Who is to lead is said again every two seconds. */
const leaders = ['system:kube-controller-manager', 'system:kube-scheduler'];
const leases = named('coordination.k8s.io', 'leases');

/**
 * Writes alone, without bodies. Heartbeats, new events, questions (reviews) and what nodes say of themselves and their
 * pods come by the thousand, and say nothing about who did what. The same objects in other hands, and their removal, do. Connections into pods are written down, whichever method
 * makes them.
 */
export const defaultAuditPolicy: AuditPolicy = {
  omitStages: ['RequestReceived'],
  omitManagedFields: false,
  rules: [
    rule({
      level: 'Metadata',
      resources: [
        named('', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'),
      ],
    }),
    rule({
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: saying,
      namespaces: ['kube-node-lease'],
      resources: [leases],
    }),
    rule({
      level: 'None',
      users: leaders,
      verbs: ['update', 'patch'],
      namespaces: ['kube-system'],
      resources: [{ ...leases, resourceNames: ['kube-controller-manager', 'kube-scheduler'] }],
    }),
    rule({ level: 'None', verbs: saying, resources: [named('', 'events'), named('events.k8s.io', 'events')] }),
    rule({
      level: 'None',
      resources: [named('authentication.k8s.io', 'tokenreviews', 'selfsubjectreviews'), named('authorization.k8s.io')],
    }),
    rule({
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: saying,
      resources: [named('', 'nodes/status', 'pods/status')],
    }),
    rule({ level: 'Metadata', verbs: writes }),
  ],
};
