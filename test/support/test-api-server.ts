/** The real API server in this process, on the in-memory store: what tests of components talk to. */

import type { PluginConfigurations } from '../../apiserver/admission/admission-configuration.ts';
import { startApiServer } from '../../apiserver/api-server.ts';
import type { FurtherPlugins } from '../../apiserver/api-server-options.ts';
import type { EncryptionOptions } from '../../apiserver/encryption/encryption.ts';
import type { Store } from '../../apiserver/store/store.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import type { AuditOptions } from '../../apiserver/wire-audit.ts';
import type { AuthenticationOptions } from '../../apiserver/wire-authentication.ts';
import type { AuthorizationOptions } from '../../apiserver/wire-authorization.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import type { Clock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import type { Connection } from '../../client/connection.ts';
import { createRestClient } from '../../client/rest-client.ts';
import type { KindRegistry } from '../../kinds/kind-registry.ts';

export interface TestApiServerOptions {
  /** Default: a new in-memory store, closed with the server. A store that is given stays open. */
  readonly store?: Store;
  /** Default: a new one; give the same to several servers of one cluster. */
  readonly authority?: KeyPair;
  /** Default: ServiceAccount, as no controller makes accounts beside this server. */
  readonly disabledAdmissionPlugins?: readonly string[];
  /** What admission plugins are told. Default: nothing. */
  readonly admissionConfigurations?: PluginConfigurations;
  /** Further plugins. Default: none. */
  readonly admissionPlugins?: FurtherPlugins;
  /** What is written down of requests. Default: nothing. */
  readonly audit?: AuditOptions;
  /** Default false. */
  readonly mountServiceAccountTokens?: boolean;
  /** Who is believed beside those with a certificate. Default: the cluster's own service accounts and bootstrap tokens. */
  readonly authentication?: AuthenticationOptions;
  /** Who is asked what users may do. Default: the Node authorizer, then roles. */
  readonly authorization?: AuthorizationOptions;
  /** Default: one that nobody connects to. Only a server at a loopback address believes in kubelets at one. */
  readonly advertiseAddress?: string;
  /** Default: nothing lies encrypted in the store. */
  readonly encryption?: EncryptionOptions;
  /** Who the server is before servers of other APIs. Default: nobody. */
  readonly proxyClient?: KeyPair;
  /** Default false. */
  readonly resourceMetrics?: boolean;
  /** Versions that are served on request. Default: none. */
  readonly runtimeConfig?: readonly string[];
  /** Default: the table of kinds. */
  readonly kinds?: KindRegistry;
  /** Of its clients, for tests that keep it busy on slow machines. Default: the client's own. */
  readonly timeoutMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface TestApiServer {
  readonly url: string;
  readonly port: number;
  /** As `admin` of `system:masters`. */
  readonly connection: Connection;
  readonly client: Client;
  readonly authority: KeyPair;
  readonly store: Store;
  /** How somebody else would connect. */
  connectAs(name: string, groups?: readonly string[]): Promise<Connection>;
  /** As the kubelet of that node does: with no more rights than it has. */
  connectAsNode(nodeName: string): Promise<Connection>;
  stop(): Promise<void>;
}

export async function startTestApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const { logger = silentLogger } = options;
  const authority = options.authority ?? (await createAuthority('longshore-test'));
  const store = options.store ?? new MemoryStore();
  const serving = await issueCertificate(authority, {
    commonName: 'apiserver',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  const server = await startApiServer({
    store,
    bindAddress: '127.0.0.1',
    securePort: 0,
    serving,
    clientCertificateAuthority: authority.certificate,
    serviceCidr: '10.96.0.0/16',
    nodePortRange: { first: 30000, last: 32767 },
    advertiseAddress: options.advertiseAddress ?? '192.0.2.1',
    kubeletClient: await issueCertificate(authority, {
      commonName: 'kube-apiserver-kubelet-client',
      usages: ['client'],
    }),
    authentication: options.authentication,
    authorization: options.authorization,
    mountServiceAccountTokens: options.mountServiceAccountTokens ?? false,
    kinds: options.kinds,
    proxyClient: options.proxyClient,
    resourceMetrics: options.resourceMetrics,
    runtimeConfig: options.runtimeConfig,
    disabledAdmissionPlugins: options.disabledAdmissionPlugins ?? ['ServiceAccount'],
    admissionConfigurations: options.admissionConfigurations,
    admissionPlugins: options.admissionPlugins,
    encryption: options.encryption,
    audit: options.audit,
    clock: options.clock,
    logger,
  });
  async function connectAs(name: string, groups: readonly string[] = []): Promise<Connection> {
    const pair = await issueCertificate(authority, { commonName: name, organizations: groups, usages: ['client'] });
    return {
      servers: [server.url],
      certificateAuthority: authority.certificate,
      clientCertificate: pair.certificate,
      clientKey: pair.key,
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    };
  }
  const connection = await connectAs('admin', ['system:masters']);
  const client = createRestClient(connection, { userAgent: 'longshore-test', logger });
  return {
    url: server.url,
    port: server.port,
    connection,
    client,
    authority,
    store,
    connectAs,
    connectAsNode: (nodeName) => connectAs(`system:node:${nodeName}`, ['system:nodes']),
    async stop() {
      await client.close();
      await server.stop();
      if (options.store === undefined) await store.close();
    },
  };
}
