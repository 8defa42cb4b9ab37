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

/**
 * Writes alone, without bodies. Heartbeats, events, questions (reviews) and what nodes say of themselves and their pods
 * come by the thousand, and say nothing about who did what. Connections into pods are written down, whichever method
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
      resources: [
        named('coordination.k8s.io', 'leases'),
        named('', 'events'),
        named('events.k8s.io', 'events'),
        named('authentication.k8s.io', 'tokenreviews', 'selfsubjectreviews'),
        named('authorization.k8s.io'),
      ],
    }),
    rule({ level: 'None', userGroups: ['system:nodes'], resources: [named('', 'nodes/status', 'pods/status')] }),
    rule({ level: 'Metadata', verbs: writes }),
  ],
};
