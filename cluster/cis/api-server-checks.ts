/** Section 1.2: whom the API server lets in, what it lets them do, and how it keeps what it is told. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../api/json-record.ts';
import { parseEncryptionConfiguration } from '../../apiserver/encryption/encryption-configuration.ts';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import { systemClock } from '../../base/clock.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { auditLogFile, auditLogLimits } from '../cluster-options.ts';
import { readEncryptionState } from '../encryption-state.ts';
import { type CisCheck, fail, look, none, noneFound, type Outcome, pass } from './check.ts';
import { ask, type Caller, handshake } from './probes.ts';
import type { CisTarget } from './target.ts';

/** What the API server answers, to the administrator unless `caller` says who. */
function api(
  target: CisTarget,
  path: string,
  more: { caller?: Caller; method?: string; body?: object; as?: readonly string[] } = {},
) {
  const { caller = target.admin, method = 'GET', body, as } = more;
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(as !== undefined && { 'impersonate-user': as[0] ?? '', 'impersonate-group': as[1] ?? '' }),
  };
  const url = new URL(path, target.server).href;
  return ask({
    url,
    method,
    authority: target.authority,
    headers,
    ...(body && { body: JSON.stringify(body) }),
    ...caller,
  });
}

/** Passes when the answer has one of these codes. */
async function answers(
  asked: Promise<{ readonly status: number }>,
  codes: readonly number[],
  [good, bad]: readonly [string, string],
): Promise<Outcome> {
  const { status } = await asked;
  return codes.includes(status) ? pass(`${good} (${status})`) : fail(`${bad} (${status})`);
}

interface Review {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
}

async function isAllowed(target: CisTarget, { user, groups, ...attributes }: Review): Promise<boolean> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes: attributes },
  };
  const { text } = await api(target, '/apis/authorization.k8s.io/v1/subjectaccessreviews', { method: 'POST', body });
  const review: unknown = JSON.parse(text);
  return isRecord(review) && isRecord(review.status) && review.status.allowed === true;
}

const stranger = () => `cis-${randomBytes(4).toString('hex')}`;
const podOf = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: stranger() },
  spec: { containers: [{ name: 'c', image: 'none' }], ...spec },
});

const weakCiphers = [
  ...['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA'],
  ...['AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'DES-CBC3-SHA', 'RC4-SHA', 'NULL-SHA256', 'AECDH-AES128-SHA'],
];

/** Also of kubelets. */
export async function refusesWeakTls(host: string, port: number): Promise<Outcome> {
  if ((await handshake(host, port, {})) !== 'done') return fail('no handshake succeeds at all');
  const offers = [
    ...weakCiphers.map((name) => ({ name, ciphers: `${name}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' as const })),
    ...(['TLSv1', 'TLSv1.1'] as const).map((name) => ({
      ...{ name, minVersion: name, maxVersion: name, ciphers: 'ALL:@SECLEVEL=0' },
    })),
  ];
  const outcomes = await Promise.all(offers.map(({ name: _, ...limits }) => handshake(host, port, limits)));
  const taken = offers.filter((_, index) => outcomes[index] === 'done').map(({ name }) => name);
  const refused = outcomes.filter((outcome) => outcome === 'refused').length;
  return noneFound(taken, `${refused} weak offers were refused`, (list) => `takes ${list}`);
}

/** Whether a certificate of this authority, which nobody knows, makes its bearer somebody. */
export async function foreignCaller(name: string): Promise<Caller> {
  const authority = await createAuthority('cis-other-authority');
  return await issueCertificate(authority, { commonName: name, organizations: ['system:masters'], usages: ['client'] });
}

async function encryptsSecrets(target: CisTarget): Promise<Outcome> {
  const { hash } = await readEncryptionState(target.client);
  if (hash === undefined) return fail('nothing is encrypted in etcd: --encryption-provider-config');
  return pass(`a configuration is in force (${hash.slice(0, 19)}…)`);
}

async function writesEncrypted(target: CisTarget): Promise<Outcome> {
  const file = target.flag('encryption-provider-config') ?? target.path('encryption.yaml');
  const { rules } = parseEncryptionConfiguration(await readFile(file, 'utf8'), file);
  const rule = rules.find(({ resources }) => resources.some((name) => ['secrets', '*.', '*.*'].includes(name)));
  const writer = rule?.providers[0].type;
  const { text } = await api(target, '/metrics');
  const used = [...text.matchAll(/transformer_prefix="(k8s:enc:[^"]*:)"/g)].length > 0;
  if (writer === undefined || writer === 'identity') return fail(`${file} leaves Secrets as they are`);
  return used
    ? pass(`Secrets are written with ${writer}`)
    : fail('no value of this server was encrypted since its start');
}

/** An account and its token are made, the account is deleted, and both are gone afterwards. */
async function tokensDie(target: CisTarget): Promise<Outcome> {
  const name = stranger();
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  const made = await api(target, accounts, { method: 'POST', body: { metadata: { name } } });
  if (made.status !== 201) return fail(`no account could be made to look (${made.status})`);
  try {
    const { text } = await api(target, `${accounts}/${name}/token`, { method: 'POST', body: { spec: {} } });
    const request: unknown = JSON.parse(text);
    const token = isRecord(request) && isRecord(request.status) ? String(request.status.token) : '';
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const review = () =>
      api(target, path, {
        caller: { token },
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      });
    const before = await review();
    await api(target, `${accounts}/${name}`, { method: 'DELETE' });
    const end = Date.now() + 10_000;
    let after = await review();
    while (after.status !== 401 && Date.now() < end) after = await review();
    if (before.status !== 201) return fail(`a new token is not taken (${before.status})`);
    return after.status === 401
      ? pass('a token is refused once its account is deleted')
      : fail(`is still taken (${after.status})`);
  } finally {
    await api(target, `${accounts}/${name}`, { method: 'DELETE' });
  }
}

async function signsTokens(target: CisTarget): Promise<Outcome> {
  const { text } = await api(target, '/openid/v1/jwks');
  const answer: unknown = JSON.parse(text);
  const keys = isRecord(answer) && Array.isArray(answer.keys) ? answer.keys : [];
  return keys.length > 0 ? pass(`${keys.length} public keys are published`) : fail('no key is published');
}

/** A write is made that changes nothing, and looked for. */
async function auditsWrites(target: CisTarget): Promise<Outcome> {
  const file = target.path(auditLogFile);
  const name = stranger();
  const body = { metadata: { name } };
  await api(target, `/api/v1/namespaces/default/configmaps?dryRun=All&fieldManager=${name}`, { method: 'POST', body });
  const end = Date.now() + 10_000;
  for (;;) {
    const text = (await ifFilePresent(readFile(file, 'utf8'))) ?? '';
    if (text.includes(name)) return pass(`to ${file}`);
    if (Date.now() > end) return fail(`a write was not told of in ${file}`);
    await systemClock.sleep(100);
  }
}

/** What the benchmark asks for, or what fits the machine. */
const auditItems: readonly (readonly [id: string, limit: keyof typeof auditLogLimits, least: number, what: string])[] =
  [
    ['1.2.18', 'maxAgeDays', 30, 'days that audit files are kept'],
    ['1.2.19', 'maxBackups', 10, 'audit files that are kept'],
    ['1.2.20', 'maxMegabytes', 100, 'megabytes that an audit file may have'],
  ];

const auditChecks: readonly CisCheck[] = auditItems.map(([id, limit, least, what]) => ({
  id,
  title: `${least} ${what}, or what is appropriate`,
  async look(target) {
    if ((await target.file(auditLogFile)) === undefined) return fail('no audit log is written');
    const value = auditLogLimits[limit];
    return value >= least
      ? pass(`${value}`)
      : look(`${value}: a cluster on one machine keeps little; write yours elsewhere by a webhook`);
  },
}));

const onSocket: readonly (readonly [string, string])[] = [
  ['1.2.24', 'The API server shows etcd a certificate'],
  ['1.2.27', "The API server checks etcd's certificate"],
];

export const apiServerChecks: readonly CisCheck[] = [
  {
    id: '1.2.1',
    title: 'Who does not say who he is can do nothing',
    look: (target) =>
      answers(
        api(target, '/api/v1/namespaces', { caller: {} }),
        [401, 403],
        ['strangers are refused', 'strangers read namespaces'],
      ),
  },
  {
    id: '1.2.2',
    title: 'No file of tokens that never end',
    look: async (target) =>
      target.flag('token-auth-file') === undefined
        ? pass('the process was given none')
        : fail('--token-auth-file is given'),
  },
  {
    id: '1.2.3',
    title: 'External addresses of Services are refused',
    async look(target) {
      const spec = { externalIPs: ['203.0.113.7'], ports: [{ port: 80 }] };
      const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: stranger() }, spec };
      const { status } = await api(target, '/api/v1/namespaces/default/services?dryRun=All', { method: 'POST', body });
      return status === 403
        ? pass('refused (403)')
        : look(`taken (${status}); --enable-admission-plugins DenyServiceExternalIPs`);
    },
  },
  {
    id: '1.2.4',
    title: 'The API server shows kubelets a certificate',
    async look(target) {
      const kubelet = await target.kubelet();
      if (kubelet === undefined) return none('there is no node');
      const path = `/api/v1/nodes/${kubelet.node}/proxy/pods`;
      return await answers(api(target, path), [200], ['a kubelet lets it in', 'no kubelet lets it in']);
    },
  },
  {
    id: '1.2.5',
    title: "The API server checks kubelets' certificates",
    async look(target) {
      const kubelet = await target.kubelet();
      if (kubelet === undefined) return none('there is no node');
      const authority = await target.certificate('kubelet-ca');
      if (authority === undefined) return fail('there is no authority of kubelets: pki/kubelet-ca.crt');
      const url = `https://${kubelet.host}:${kubelet.port}/healthz`;
      await ask({ url, authority: authority.toString() });
      const error = await ask({ url, authority: target.authority }).then(() => '', String);
      const names = error === '' ? 'the cluster authority too' : 'no other';
      return pass(`the kubelet's certificate is of pki/kubelet-ca.crt, and of ${names}`);
    },
  },
  {
    id: '1.2.6',
    title: 'Not everybody is allowed everything',
    look: async (target) =>
      (await isAllowed(target, { user: stranger(), verb: 'list', resource: 'secrets' }))
        ? fail('an unknown user may list all Secrets')
        : pass('an unknown user may not list Secrets'),
  },
  {
    id: '1.2.7',
    title: 'Kubelets may read only what their pods use',
    async look(target) {
      const kubelet = await target.kubelet();
      const node = { user: `system:node:${kubelet?.node ?? stranger()}`, groups: ['system:nodes'], verb: 'get' };
      const name = stranger();
      return (await isAllowed(target, { ...node, resource: 'secrets', namespace: 'kube-system', name }))
        ? fail('a kubelet may read a Secret that no pod of its node uses')
        : pass('a kubelet may not read a Secret that no pod of its node uses');
    },
  },
  {
    id: '1.2.8',
    title: 'Roles decide who may do what',
    async look(target) {
      const scheduler = { user: 'system:kube-scheduler', verb: 'list' };
      const own = await isAllowed(target, { ...scheduler, resource: 'pods' });
      const other = await isAllowed(target, { ...scheduler, resource: 'secrets' });
      if (own && !other) return pass('the scheduler may list pods and no Secrets');
      return fail(`the scheduler may ${own ? '' : 'not '}list pods, and ${other ? '' : 'not '}Secrets`);
    },
  },
  {
    id: '1.2.9',
    title: 'Events are limited',
    look: async (target) =>
      target.flag('enable-admission-plugins')?.includes('EventRateLimit')
        ? pass('EventRateLimit is enabled')
        : look('EventRateLimit is not enabled: events are limited as all requests are'),
  },
  {
    id: '1.2.10',
    title: 'Admission does not let everything pass',
    look: (target) =>
      answers(
        api(target, '/api/v1/namespaces/default/pods?dryRun=All', {
          method: 'POST',
          body: podOf({ priorityClassName: stranger() }),
        }),
        [403, 422],
        ['a pod of an unknown priority is refused', 'a pod of an unknown priority is taken'],
      ),
  },
  {
    id: '1.2.11',
    title: 'Images are pulled for each pod anew',
    async look(target) {
      const { text } = await api(target, '/api/v1/namespaces/default/pods?dryRun=All', {
        method: 'POST',
        body: podOf({ containers: [{ name: 'c', image: 'a:1', imagePullPolicy: 'IfNotPresent' }] }),
      });
      return text.includes('"imagePullPolicy":"Always"')
        ? pass('the policy becomes Always')
        : look('AlwaysPullImages is not enabled');
    },
  },
  {
    id: '1.2.12',
    title: 'Pods have an account that exists',
    look: (target) =>
      answers(
        api(target, '/api/v1/namespaces/default/pods?dryRun=All', {
          method: 'POST',
          body: podOf({ serviceAccountName: stranger() }),
        }),
        [403],
        ['a pod of an unknown account is refused', 'a pod of an unknown account is taken'],
      ),
  },
  {
    id: '1.2.13',
    title: 'Nothing is made in namespaces that do not exist',
    look: (target) =>
      answers(
        api(target, `/api/v1/namespaces/${stranger()}/configmaps?dryRun=All`, {
          method: 'POST',
          body: { metadata: { name: 'a' } },
        }),
        [403, 404],
        ['refused', 'taken'],
      ),
  },
  {
    id: '1.2.14',
    title: 'Kubelets may change only what is their own',
    async look(target) {
      const kubelet = await target.kubelet();
      if (kubelet === undefined) return none('there is no node');
      const path = `/api/v1/nodes/${kubelet.node}?dryRun=All`;
      const as = [`system:node:${stranger()}`, 'system:nodes'];
      return await answers(
        api(target, path, { method: 'DELETE', as }),
        [401, 403],
        ["another node's kubelet may not delete this node", "another node's kubelet may delete this node"],
      );
    },
  },
  {
    id: '1.2.15',
    title: 'The API server shows no profiles of itself',
    look: (target) =>
      answers(api(target, '/debug/pprof/'), [403, 404], ['/debug/pprof/ is not served', '/debug/pprof/ is served']),
  },
  {
    id: '1.2.16',
    title: 'Certificates and tokens of other clusters are refused',
    async look(target) {
      const caller = await foreignCaller('admin');
      return await answers(
        api(target, '/api/v1/namespaces', { caller }),
        [401, 403],
        ['a certificate of another authority makes nobody', 'a certificate of another authority is taken'],
      );
    },
  },
  {
    id: '1.2.17',
    title: 'Changes are written to an audit log',
    look: auditsWrites,
  },
  ...auditChecks,
  { id: '1.2.22', title: 'Tokens die with their account', look: tokensDie },
  { id: '1.2.23', title: 'Tokens are signed with a key of their own', look: signsTokens },
  ...onSocket.map(
    ([id, title]): CisCheck => ({
      id,
      title,
      async look(target) {
        const servers = target.flag('etcd-servers');
        if (servers !== undefined)
          return servers.includes('http://') ? fail(`${servers} is not encrypted`) : look(servers);
        const socket = await target.file('etcd', 'client:0');
        return socket === undefined
          ? fail(`there is no socket ${join(target.dataDir, 'etcd')}/client:0`)
          : none(`etcd is on a unix socket in a folder of root, ${socket.path}`);
      },
    }),
  ),
  {
    id: '1.2.25',
    title: "The API server's certificate is of the cluster's authority",
    async look(target) {
      await ask({ url: new URL('/version', target.server).href, authority: target.authority });
      return pass('a client that trusts only pki/ca.crt is satisfied');
    },
  },
  { id: '1.2.28', title: 'Something lies encrypted in etcd', look: encryptsSecrets },
  { id: '1.2.29', title: 'Secrets lie encrypted in etcd', look: writesEncrypted },
  {
    id: '1.2.30',
    title: 'The API server takes strong ciphers only',
    look: (target) => refusesWeakTls(target.server.hostname, Number(target.server.port || 443)),
  },
];
