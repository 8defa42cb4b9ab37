/**
 * What a cluster holds ready for hosts that join: who it is, for anybody; how it is set up, for hosts with a token; and
 * the rights of such hosts, which end with asking for a certificate. Pure.
 */

import { defaultBootstrapGroup } from '../../api/bootstrap-token.ts';
import { clusterInfo, workersGroup } from '../../api/joining-tokens.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { configMaps } from '../../api/resources/core.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/resources/rbac.ts';
import { introductionData } from './introduction.ts';
import { type ClusterSettings, dataOfSettings, settingsObject } from './settings.ts';

export interface JoiningObject {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

export interface JoiningFacts {
  readonly settings: ClusterSettings;
  /** `https://10.0.0.1:6443` */
  readonly server: string;
  /** PEM. */
  readonly authority: string;
}

const rbac = 'rbac.authorization.k8s.io';
const nodesGroup = 'system:nodes';

export function computeJoiningObjects({ settings, server, authority }: JoiningFacts): JoiningObject[] {
  return [
    configMap(clusterInfo, introductionData(server, authority)),
    configMap(settingsObject, dataOfSettings(settings)),
    ...mayRead(clusterInfo, ['system:unauthenticated', 'system:authenticated']),
    ...mayRead(settingsObject, [defaultBootstrapGroup, nodesGroup]),
    ...mayAskForCertificates('longshore:joining-hosts', defaultBootstrapGroup),
    clusterBinding(
      'longshore:approve-worker-clients',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      workersGroup,
    ),
    clusterBinding(
      'longshore:approve-renewed-clients',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      nodesGroup,
    ),
    ...mayHaveProxies('longshore:approve-proxy-clients', nodesGroup),
  ];
}

/** What earlier versions gave, and nobody needs any more. */
export const obsoleteBindings: readonly string[] = ['longshore:node-proxiers'];

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function configMap(metadata: Named, data: Record<string, string>): JoiningObject {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return { resource: configMaps, object };
}

/** Who may read this one ConfigMap. */
function mayRead({ namespace, name }: Named, groups: readonly string[]): JoiningObject[] {
  const metadata = { namespace, name: `longshore:${name}` };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] }];
  const role = { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules };
  const roleRef = { apiGroup: rbac, kind: 'Role', name: metadata.name };
  const binding = { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects: groups.map(subjectOf) };
  return [
    { resource: roles, object: role },
    { resource: roleBindings, object: binding },
  ];
}

/** And read the answer, by the name that it chose. Upstream's role lists all requests, too. */
function mayAskForCertificates(name: string, group: string): JoiningObject[] {
  const rules = [
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', 'get'] },
  ];
  const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
  return [{ resource: clusterRoles, object: role }, clusterBinding(name, name, group)];
}

/** Nodes ask for the certificates of their proxies, which approve themselves. */
function mayHaveProxies(name: string, group: string): JoiningObject[] {
  const resources = ['certificatesigningrequests/nodeproxyclient'];
  const rules = [{ apiGroups: ['certificates.k8s.io'], resources, verbs: ['create'] }];
  const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
  return [{ resource: clusterRoles, object: role }, clusterBinding(name, name, group)];
}

function clusterBinding(name: string, role: string, group: string): JoiningObject {
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: role };
  const kind = 'ClusterRoleBinding';
  const object = { apiVersion: `${rbac}/v1`, kind, metadata: { name }, roleRef, subjects: [subjectOf(group)] };
  return { resource: clusterRoleBindings, object };
}

const subjectOf = (name: string) => ({ apiGroup: rbac, kind: 'Group', name });
