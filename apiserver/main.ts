/** The API server as a process of its own. */

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runComponentProcess } from '../base/component-process.ts';
import { parseDurationMs } from '../base/duration.ts';
import { UserError } from '../base/user-error.ts';
import { readAdmissionConfiguration } from './admission/admission-configuration.ts';
import { startApiServerOverEtcd } from './api-server-over-etcd.ts';
import { auditFlags, auditOptionsOf } from './audit-flags.ts';
import type { OidcFlags } from './authentication/jwt/oidc-flags.ts';
import { authorizationFlags, authorizationOptionsOf } from './authorization-flags.ts';
import { frontProxyFlags, frontProxyOf, proxyClientOf } from './front-proxy-flags.ts';

/** V8 lets a heap grow to several times what is in use before it collects; a third less memory is worth a little time. */
const heapGrowingPercent = 100;

const text = { type: 'string' } as const;

setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
await runComponentProcess({
  name: 'apiserver',
  describe: 'Serves the API over etcd',
  flags: {
    'etcd-servers': { ...text, array: true, demandOption: true, describe: 'URLs of the etcd members' },
    'etcd-cafile': { ...text, describe: "Signs the etcd members' certificates" },
    'etcd-certfile': { ...text, describe: 'Our certificate for etcd' },
    'etcd-keyfile': { ...text, describe: 'Its key' },
    'bind-address': { ...text, default: '0.0.0.0', describe: 'Address on which the API is served' },
    'secure-port': { type: 'number', default: 6443, describe: 'Its port' },
    'advertise-address': { ...text, demandOption: true, describe: 'Under which clients and pods reach us' },
    'tls-cert-file': { ...text, demandOption: true, describe: 'Our certificate' },
    'tls-private-key-file': { ...text, demandOption: true, describe: 'Its key' },
    'client-ca-file': { ...text, demandOption: true, describe: 'Signs client certificates' },
    'kubelet-certificate-authority': {
      ...text,
      describe: "Signs the certificates of kubelets' servers; default: --client-ca-file",
    },
    'kubelet-client-certificate': { ...text, describe: 'Our certificate for kubelets' },
    'kubelet-client-key': { ...text, describe: 'Its key' },
    'service-account-issuer': { ...text, array: true, describe: 'Whose tokens are believed; the first issues ours' },
    'service-account-key-file': { ...text, array: true, describe: 'PEM files of keys whose tokens are believed' },
    'service-account-signing-key-file': { ...text, describe: 'The key that signs tokens. Default: one in the store' },
    'service-account-jwks-uri': { ...text, describe: "Where the issuer's keys are said to be" },
    'service-account-max-token-expiration': { ...text, describe: 'No token lives longer: 24h, 90m' },
    'api-audiences': { ...text, array: true, describe: 'What tokens for us are meant for. Default: the first issuer' },
    'token-auth-file': { ...text, describe: 'Users by token: token,user,uid,"group1,group2" a line' },
    'enable-bootstrap-token-auth': { type: 'boolean', default: true, describe: 'Believe bootstrap tokens' },
    'anonymous-auth': {
      type: 'boolean',
      default: true,
      describe: 'Requests without a credential may ask for what all may',
    },
    'authentication-config': {
      ...text,
      describe: 'An AuthenticationConfiguration: issuers of JWTs, anonymous requests',
    },
    'oidc-issuer-url': { ...text, describe: 'An issuer of OpenID Connect whose tokens are believed' },
    'oidc-client-id': { ...text, default: '', describe: 'Whom its tokens must be for' },
    'oidc-username-claim': { ...text, default: 'sub', describe: 'The claim that is the user name' },
    'oidc-username-prefix': { ...text, describe: 'What stands before it; "-": nothing' },
    'oidc-groups-claim': { ...text, describe: 'The claim that lists the groups' },
    'oidc-groups-prefix': { ...text, describe: 'What stands before each' },
    'oidc-required-claim': { ...text, array: true, describe: 'name=value that a token must have' },
    'oidc-ca-file': { ...text, describe: "Signs the issuer's certificate" },
    'oidc-signing-algs': { ...text, array: true, default: ['RS256'], describe: 'Of its signatures' },
    ...frontProxyFlags,
    ...authorizationFlags,
    ...auditFlags,
    'service-cluster-ip-range': { ...text, default: '10.96.0.0/16', describe: 'The addresses of services' },
    'encryption-provider-config': { ...text, describe: 'What lies encrypted in etcd: an EncryptionConfiguration' },
    'encryption-provider-config-automatic-reload': {
      type: 'boolean',
      default: true,
      describe: 'Read that file again when it changes',
    },
    'accept-unreadable-secrets': {
      type: 'boolean',
      default: false,
      describe: 'Start although a key is lost: what it encrypted can only be deleted',
    },
    'service-node-port-range': { ...text, default: '30000-32767', describe: 'The ports that services may have' },
    'resource-metrics': {
      type: 'boolean',
      default: false,
      describe: 'Serve metrics.k8s.io: ask kubelets what nodes and pods use',
    },
    'runtime-config': {
      ...{ ...text, array: true, default: [] },
      describe: 'Versions that are served only on request, as storagemigration.k8s.io/v1beta1=true, by commas',
    },
    'max-requests-inflight': {
      ...{ type: 'number', default: 400 },
      describe: 'With the next: how many requests are in work at once, by fair sharing',
    },
    'max-mutating-requests-inflight': { type: 'number', default: 200, describe: 'See above' },
    'enable-admission-plugins': {
      ...{ ...text, array: true, default: [] },
      describe: 'Admission plugins that are on beside the default ones, separated by commas',
    },
    'disable-admission-plugins': { ...text, array: true, default: [], describe: 'Admission plugins that are off' },
    'admission-control-config-file': { ...text, describe: 'An AdmissionConfiguration: what plugins are told' },
  },
  async start(flags, { logger }) {
    const configurationFile = flags['admission-control-config-file'];
    const server = await startApiServerOverEtcd({
      etcd: {
        servers: flags['etcd-servers'].map(String),
        ...etcdTlsOf(flags['etcd-cafile'], flags['etcd-certfile'], flags['etcd-keyfile']),
      },
      bindAddress: flags['bind-address'],
      securePort: flags['secure-port'],
      advertiseAddress: flags['advertise-address'],
      serving: { certificateFile: flags['tls-cert-file'], keyFile: flags['tls-private-key-file'] },
      clientCertificateAuthority: { authorityFile: flags['client-ca-file'] },
      ...(flags['kubelet-certificate-authority'] !== undefined && {
        kubeletCertificateAuthority: { authorityFile: flags['kubelet-certificate-authority'] },
      }),
      serviceCidr: flags['service-cluster-ip-range'],
      encryption: flags['encryption-provider-config']
        ? {
            configFile: flags['encryption-provider-config'],
            automaticReload: flags['encryption-provider-config-automatic-reload'],
            acceptUnreadable: flags['accept-unreadable-secrets'],
          }
        : undefined,
      nodePortRange: parsePortRange(flags['service-node-port-range']),
      authentication: {
        serviceAccounts: {
          issuers: listOf(flags['service-account-issuer']),
          keyFiles: listOf(flags['service-account-key-file']),
          signingKeyFile: flags['service-account-signing-key-file'],
          jwksUri: flags['service-account-jwks-uri'],
          maxTokenSeconds: parseSeconds(flags['service-account-max-token-expiration']),
        },
        apiAudiences: listOf(flags['api-audiences']),
        tokenFile: flags['token-auth-file'],
        bootstrapTokens: flags['enable-bootstrap-token-auth'],
        anonymous: flags['anonymous-auth'],
        configurationFile: flags['authentication-config'],
        oidc: await oidcOf(flags),
        frontProxy: frontProxyOf(flags),
      },
      authorization: authorizationOptionsOf(flags),
      audit: await auditOptionsOf(flags),
      proxyClient: proxyClientOf(flags),
      kubeletClient:
        flags['kubelet-client-certificate'] && flags['kubelet-client-key']
          ? { certificateFile: flags['kubelet-client-certificate'], keyFile: flags['kubelet-client-key'] }
          : undefined,
      resourceMetrics: flags['resource-metrics'],
      runtimeConfig: splitNames(flags['runtime-config']),
      maxRequestsInFlight: seatsOf(flags['max-requests-inflight'], flags['max-mutating-requests-inflight']),
      enabledAdmissionPlugins: splitNames(flags['enable-admission-plugins']),
      disabledAdmissionPlugins: splitNames(flags['disable-admission-plugins']),
      admissionConfigurations:
        configurationFile === undefined ? undefined : await readAdmissionConfiguration(configurationFile),
      logger,
    });
    logger.info('Serving', { url: server.url });
    return server;
  },
});

/** Files that are renewed in place. */
function etcdTlsOf(authorityFile?: string, certificateFile?: string, keyFile?: string) {
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new UserError('--etcd-certfile and --etcd-keyfile belong together');
  if (authorityFile === undefined) return {};
  const client = certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile };
  return { tls: { authority: { authorityFile }, client } };
}

function splitNames(lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(',')).filter((name) => name !== '');
}

function seatsOf(...limits: readonly number[]): number {
  const sum = limits.reduce((all, one) => all + one, 0);
  if (limits.every((one) => Number.isSafeInteger(one) && one >= 0) && sum > 0) return sum;
  throw new UserError('--max-requests-inflight and --max-mutating-requests-inflight must be whole numbers, not both 0');
}

async function readIfNamed(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : await readFile(file, 'utf8');
}

interface OidcArguments {
  readonly 'oidc-issuer-url'?: string | undefined;
  readonly 'oidc-client-id': string;
  readonly 'oidc-username-claim': string;
  readonly 'oidc-username-prefix'?: string | undefined;
  readonly 'oidc-groups-claim'?: string | undefined;
  readonly 'oidc-groups-prefix'?: string | undefined;
  readonly 'oidc-required-claim'?: readonly unknown[] | undefined;
  readonly 'oidc-ca-file'?: string | undefined;
  readonly 'oidc-signing-algs'?: readonly unknown[] | undefined;
}

async function oidcOf(flags: OidcArguments): Promise<OidcFlags | undefined> {
  const issuerUrl = flags['oidc-issuer-url'];
  if (issuerUrl === undefined && flags['oidc-client-id'] === '') return undefined;
  return {
    issuerUrl: issuerUrl ?? '',
    clientId: flags['oidc-client-id'],
    usernameClaim: flags['oidc-username-claim'],
    usernamePrefix: flags['oidc-username-prefix'],
    groupsClaim: flags['oidc-groups-claim'],
    groupsPrefix: flags['oidc-groups-prefix'],
    requiredClaims: listOf(flags['oidc-required-claim']),
    certificateAuthority: await readIfNamed(flags['oidc-ca-file']),
    signingAlgorithms: listOf(flags['oidc-signing-algs']),
  };
}

/** Of a flag that may be given several times, or once with commas. */
function listOf(values: readonly unknown[] | undefined): string[] {
  return (values ?? []).flatMap((value) => String(value).split(',')).filter((value) => value !== '');
}

function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new UserError(`--service-account-max-token-expiration ${text}: must be like 24h or 90m`);
  return ms === 0 ? undefined : ms / 1000;
}

function parsePortRange(range: string): { first: number; last: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(range) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw new Error(`--service-node-port-range ${range}: must be like 30000-32767`);
  }
  return { first: Number(first), last: Number(last) };
}
