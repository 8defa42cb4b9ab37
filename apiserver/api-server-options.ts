/** What an API server is started with. */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import type { KindRegistry } from '../kinds/kind-registry.ts';
import type { PluginConfigurations } from './admission/admission-configuration.ts';
import type { Action, Verdict } from './authorization/authorizer.ts';
import type { EncryptionOptions } from './encryption/encryption.ts';
import type { AdmissionPlugin } from './registry/admission.ts';
import type { ObjectReader } from './registry/object-reader.ts';
import type { Store } from './store/store.ts';
import type { AuditOptions } from './wire-audit.ts';
import type { AuthenticationOptions } from './wire-authentication.ts';
import type { AuthorizationOptions } from './wire-authorization.ts';

export interface ApiServerOptions {
  /** Closed by its owner, after the server has stopped. */
  readonly store: Store;
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly securePort: number;
  readonly serving: KeyPairSource;
  /** Signs the client certificates that are believed. */
  readonly clientCertificateAuthority: AuthoritySource;
  /** Signs the certificates of kubelets' servers. Default: `clientCertificateAuthority`. */
  readonly kubeletCertificateAuthority?: AuthoritySource | undefined;
  /** `10.96.0.0/16` */
  readonly serviceCidr: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  /** Under which clients and pods reach this server. */
  readonly advertiseAddress: string;
  /** Who the server is when it talks to kubelets. */
  readonly kubeletClient?: KeyPairSource | undefined;
  /** Who the server is before servers of other APIs, which requests are passed on to: they believe it the users it names. */
  readonly proxyClient?: KeyPairSource | undefined;
  /** Who is believed beside those with a client certificate. Default: the cluster's own service accounts and bootstrap tokens. */
  readonly authentication?: AuthenticationOptions | undefined;
  /** Who is asked what users may do. Default: the Node authorizer, then roles. */
  readonly authorization?: AuthorizationOptions | undefined;
  /** What is written down of requests, and where. Default: nothing. */
  readonly audit?: AuditOptions | undefined;
  /** Pods get their account's token mounted, where they do not say otherwise. Default true. */
  readonly mountServiceAccountTokens?: boolean | undefined;
  /** Admission plugins that are on although they are off by default, and such that are off. Default: none. */
  readonly enabledAdmissionPlugins?: readonly string[] | undefined;
  readonly disabledAdmissionPlugins?: readonly string[] | undefined;
  /** What admission plugins are told. Default: nothing. */
  readonly admissionConfigurations?: PluginConfigurations | undefined;
  /** How many requests are in work at once. Default: 600. */
  readonly maxRequestsInFlight?: number | undefined;
  /** Further admission plugins, asked after those that every server has. Default: none. */
  readonly admissionPlugins?: FurtherPlugins | undefined;
  /** Which kinds the server begins with; others may come and go. Default: those of the table. */
  readonly kinds?: KindRegistry | undefined;
  /** Versions that are served only when they are named: `storagemigration.k8s.io/v1beta1=true`. Default: none. */
  readonly runtimeConfig?: readonly string[] | undefined;
  /** The server asks kubelets what nodes and pods use, and serves it as metrics.k8s.io. Default false. */
  readonly resourceMetrics?: boolean | undefined;
  /** What lies encrypted in the store, and how. Default: nothing. */
  readonly encryption?: EncryptionOptions | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
}

/** Makes plugins of what every plugin may look at and ask. */
export type FurtherPlugins = (parts: {
  readonly objects: ObjectReader;
  decide(action: Action): Promise<Verdict>;
}) => readonly AdmissionPlugin[];

/** What is the same for all parts of one server. */
export interface Wired extends ApiServerOptions {
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Aborts when the server stops: every watch listens. */
  readonly stopping: AbortSignal;
}
