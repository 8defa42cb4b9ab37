/** Section 5: what roles, pods, Secrets and networks of the cluster's users are like. Names that begin with `system:` are the cluster's own. */

import { configMaps, namespaces, pods, serviceAccounts } from '../../api/resources/core.ts';
import { networkPolicies } from '../../api/resources/networking.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/resources/rbac.ts';
import type { Container, Pod } from '../../api/types/core/v1.ts';
import type { PolicyRule, Subject } from '../../api/types/rbac/v1.ts';
import { type CisCheck, noneFound, nothingToLookAt } from './check.ts';
import type { CisTarget } from './target.ts';

const bootstrapping = 'kubernetes.io/bootstrapping';
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease'];
const nameOf = (object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;
const subjectText = ({ kind, namespace, name }: Subject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

interface RoleLike {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly PolicyRule[];
}

/** Roles that people made. */
async function ownRoles(target: CisTarget): Promise<readonly RoleLike[]> {
  const all: readonly RoleLike[] = [...(await target.all(clusterRoles)), ...(await target.all(roles))];
  return all.filter(
    ({ metadata }) => metadata.labels?.[bootstrapping] === undefined && !metadata.name.startsWith('system:'),
  );
}

const has = (list: readonly string[] | undefined, ...names: readonly string[]): boolean =>
  (list ?? []).some((one) => one === '*' || names.includes(one));

/** Names of roles with a rule that people should look at. */
const rolesWith = async (target: CisTarget, isMeant: (rule: PolicyRule) => boolean): Promise<string[]> =>
  (await ownRoles(target)).filter(({ rules }) => (rules ?? []).some(isMeant)).map(nameOf);

const roleItem = (id: string, title: string, isMeant: (rule: PolicyRule) => boolean): CisCheck => ({
  id,
  title,
  look: async (target) =>
    nothingToLookAt(await rolesWith(target, isMeant), 'no role of your own does', (list) => `roles that do: ${list}`),
});

/** Pods of users. */
const ownPods = async (target: CisTarget): Promise<readonly Pod[]> =>
  (await target.all(pods)).filter(({ metadata }) => !systemNamespaces.includes(metadata.namespace ?? ''));

const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
];

const podItem = (id: string, title: string, isMeant: (pod: Pod) => boolean): CisCheck => ({
  id,
  title,
  async look(target) {
    const found = (await ownPods(target))
      .filter(isMeant)
      .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
    return nothingToLookAt(found, 'no pod outside of the system namespaces does', (list) => `pods that do: ${list}`);
  },
});

const anyContainer = (isMeant: (container: Container) => boolean) => (pod: Pod) => containersOf(pod).some(isMeant);

export const policyChecks: readonly CisCheck[] = [
  {
    id: '5.1.1',
    title: 'Nobody but administrators has cluster-admin',
    async look(target) {
      const bindings = (await target.all(clusterRoleBindings)).filter(
        ({ roleRef }) => roleRef.name === 'cluster-admin',
      );
      const others = bindings.flatMap(({ metadata, subjects }) =>
        (subjects ?? [])
          .filter(({ name }) => name !== 'system:masters')
          .map((one) => `${subjectText(one)} by ${metadata.name}`),
      );
      return noneFound(others, `${bindings.length} bindings, to system:masters alone`, (list) => `also ${list}`);
    },
  },
  roleItem(
    '5.1.2',
    'Few may read Secrets',
    ({ resources, verbs }) => has(resources, 'secrets') && has(verbs, 'get', 'list', 'watch'),
  ),
  {
    id: '5.1.3',
    title: 'No role of your own has a star',
    async look(target) {
      const isStar = ({ verbs, resources, apiGroups }: PolicyRule) =>
        [verbs, resources, apiGroups].some((list) => list?.includes('*'));
      return noneFound(await rolesWith(target, isStar), 'none has', (list) => `roles with a star: ${list}`);
    },
  },
  roleItem('5.1.4', 'Few may make pods', ({ resources, verbs }) => has(resources, 'pods') && has(verbs, 'create')),
  {
    id: '5.1.5',
    title: 'The default accounts of namespaces have no rights',
    async look(target) {
      const bindings = [...(await target.all(clusterRoleBindings)), ...(await target.all(roleBindings))];
      const found = bindings.filter(({ subjects }) =>
        (subjects ?? []).some(({ kind, name }) => kind === 'ServiceAccount' && name === 'default'),
      );
      return noneFound(found.map(nameOf), 'no binding names one', (list) => `bindings that do: ${list}`);
    },
  },
  {
    id: '5.1.6',
    title: 'Tokens are mounted only where pods use them',
    async look(target) {
      const accounts = await target.all(serviceAccounts);
      const isOff = (pod: Pod): boolean => {
        const account = accounts.find(
          ({ metadata }) =>
            metadata.namespace === pod.metadata?.namespace &&
            metadata.name === (pod.spec?.serviceAccountName ?? 'default'),
        );
        return (pod.spec?.automountServiceAccountToken ?? account?.automountServiceAccountToken) === false;
      };
      const found = (await ownPods(target))
        .filter((pod) => !isOff(pod))
        .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
      return nothingToLookAt(found, 'no pod of yours has one', (list) => `pods with a token: ${list}`);
    },
  },
  {
    id: '5.1.7',
    title: 'system:masters is used by the administrator alone',
    async look(target) {
      const names = (await target.filesIn('pki', '.crt')).map(
        ({ path }) => path.split('/').at(-1)?.replace('.crt', '') ?? '',
      );
      const members: string[] = [];
      for (const name of names.filter((one) => one !== 'admin')) {
        const subject = (await target.certificate(name))?.subject.split('\n') ?? [];
        if (subject.includes('O=system:masters')) members.push(`pki/${name}.crt`);
      }
      return noneFound(
        members,
        `of ${names.length} certificates only pki/admin.crt is in it`,
        (list) => `also ${list}`,
      );
    },
  },
  roleItem('5.1.8', 'Few may bind, escalate or impersonate', ({ verbs }) =>
    has(verbs, 'bind', 'escalate', 'impersonate'),
  ),
  roleItem(
    '5.1.9',
    'Few may make PersistentVolumes',
    ({ resources, verbs }) => has(resources, 'persistentvolumes') && has(verbs, 'create'),
  ),
  roleItem('5.1.10', 'Few may reach kubelets through the API server', ({ resources }) => has(resources, 'nodes/proxy')),
  roleItem('5.1.11', 'Few may approve certificates', ({ resources }) =>
    has(resources, 'certificatesigningrequests/approval'),
  ),
  roleItem('5.1.12', 'Few may change webhooks', ({ resources }) =>
    has(resources, 'validatingwebhookconfigurations', 'mutatingwebhookconfigurations'),
  ),
  roleItem(
    '5.1.13',
    'Few may make tokens of accounts',
    ({ resources, verbs }) => has(resources, 'serviceaccounts/token') && has(verbs, 'create'),
  ),
  {
    id: '5.2.1',
    title: 'Namespaces say how safe their pods have to be',
    async look(target) {
      const all = (await target.all(namespaces)).filter(({ metadata }) => !systemNamespaces.includes(metadata.name));
      const found = all.filter(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] === undefined);
      return nothingToLookAt(
        found.map(nameOf),
        `all ${all.length} do`,
        (list) => `without pod-security.kubernetes.io/enforce: ${list}`,
      );
    },
  },
  podItem(
    '5.2.2',
    'No pods are privileged',
    anyContainer(({ securityContext }) => securityContext?.privileged === true),
  ),
  podItem('5.2.3', "No pods see the node's processes", ({ spec }) => spec?.hostPID === true),
  podItem('5.2.4', "No pods share the node's memory", ({ spec }) => spec?.hostIPC === true),
  podItem('5.2.5', "No pods are in the node's network", ({ spec }) => spec?.hostNetwork === true),
  podItem('5.2.6', 'No pods may get more rights than they began with', (pod) =>
    anyContainer(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)(pod),
  ),
  podItem('5.2.7', 'No pods run as root', (pod) =>
    anyContainer(
      ({ securityContext }) => (securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot) !== true,
    )(pod),
  ),
  podItem(
    '5.2.8',
    'No pods may send raw packets',
    anyContainer(({ securityContext }) => !has(securityContext?.capabilities?.drop, 'ALL', 'NET_RAW')),
  ),
  podItem(
    '5.2.9',
    'No pods have further capabilities',
    anyContainer(({ securityContext }) => (securityContext?.capabilities?.add ?? []).length > 0),
  ),
  podItem('5.2.11', 'No pods have folders of the node', ({ spec }) =>
    (spec?.volumes ?? []).some(({ hostPath }) => hostPath !== undefined),
  ),
  podItem(
    '5.2.12',
    'No pods have ports of the node',
    anyContainer(({ ports }) => (ports ?? []).some(({ hostPort }) => (hostPort ?? 0) > 0)),
  ),
  {
    id: '5.3.2',
    title: 'Namespaces have network policies',
    async look(target) {
      const policies = await target.all(networkPolicies);
      const own = (await target.all(namespaces)).filter(({ metadata }) => !systemNamespaces.includes(metadata.name));
      const found = own.filter(
        ({ metadata }) => !policies.some((policy) => policy.metadata.namespace === metadata.name),
      );
      return nothingToLookAt(found.map(nameOf), 'all have', (list) => `without one: ${list}`);
    },
  },
  podItem(
    '5.4.1',
    'Secrets are files, not environment',
    anyContainer(
      ({ env, envFrom }) =>
        (env ?? []).some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) ||
        (envFrom ?? []).some(({ secretRef }) => secretRef !== undefined),
    ),
  ),
  podItem('5.7.2', 'Pods have a seccomp profile', (pod) =>
    anyContainer(
      ({ securityContext }) =>
        (securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile) === undefined,
    )(pod),
  ),
  podItem('5.7.4', 'The default namespace has no pods', ({ metadata }) => metadata?.namespace === 'default'),
  {
    id: '5.7.5',
    title: 'No passwords in ConfigMaps',
    async look(target) {
      const isSecret = ([key, value]: [string, string]) =>
        /passw(or)?d|secret|token|private.?key/i.test(key) || value.includes('PRIVATE KEY-----');
      const own = (await target.all(configMaps)).filter(
        ({ metadata }) => !systemNamespaces.includes(metadata.namespace ?? ''),
      );
      const found = own.filter(({ data }) => Object.entries(data ?? {}).some(isSecret));
      return nothingToLookAt(found.map(nameOf), 'none looks like one', (list) => `ConfigMaps that look so: ${list}`);
    },
  },
];
