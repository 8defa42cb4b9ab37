/** What a cluster on this machine is started with. `kubecfg up` reads it from its command line. */

import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import type { IngressFlagValues } from '../ingress/ingress-options.ts';
import type { KubeletFlagValues } from '../kubelet/kubelet-flags.ts';

export { kubeletFlags } from '../kubelet/kubelet-flags.ts';

/** Where a cluster keeps everything, unless told otherwise. */
export const defaultDataDir = '/var/lib/longshore';

export const defaultClusterDomain = 'cluster.local';

/** In the order in which they start. */
export const components = [
  'etcd',
  'apiserver',
  'controller-manager',
  'scheduler',
  'kubelet',
  'proxy',
  'ingress',
] as const;
export type Component = (typeof components)[number];

/** A cluster may do without an ingress; without another component it is a part of one. */
export const isWhole = (only: ReadonlySet<Component>): boolean =>
  components.every((component) => component === 'ingress' || only.has(component));

export const proxyModes = ['nftables', 'userspace'] as const;
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export interface UpOptions {
  readonly dataDir: string;
  readonly etcdServers: readonly string[];
  /** For an etcd on the network. Default: what the cluster's own authority of etcd has signed. */
  readonly etcdFiles?: { readonly authority?: string; readonly client?: KeyPairFiles };
  readonly securePort: number;
  readonly bindAddress: string;
  readonly only: ReadonlySet<Component>;
  readonly demo: boolean;
  readonly nodeName: string | undefined;
  readonly nodeIp: string | undefined;
  readonly kubeletPort: number;
  /** Each pod has a control group of its own. Default true. */
  readonly cgroupsPerQos?: boolean;
  /** Folder or file of pods that the kubelet runs by itself. */
  readonly podManifestPath?: string | undefined;
  /** What the kubelet is told of `kubeletFlags`. */
  readonly kubelet?: KubeletFlagValues;
  /** The node's resolver: a file such as /etc/resolv.conf. */
  readonly resolvConf?: string | undefined;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  readonly networkName: string;
  /** What all names of the cluster end in. Default: cluster.local. */
  readonly clusterDomain?: string | undefined;
  /** Who knows names outside of the cluster: addresses; `corp.example=10.1.0.53`. */
  readonly dns?:
    | {
        readonly upstreams: readonly string[];
        readonly stubDomains: readonly string[];
      }
    | undefined;
  /** An `EncryptionConfiguration`; undefined: the data directory's own. */
  readonly encryptionProviderConfig: string | undefined;
  readonly acceptUnreadableSecrets: boolean;
  /** The AuthorizationConfiguration that says who is asked what users may do. Default: Node, RBAC. */
  readonly authorizationConfig?: string | undefined;
  /** A KubeSchedulerConfiguration; without one every pod is placed by the default profile. */
  readonly schedulerConfig?: string | undefined;
  /** Names of admission plugins that are on, or off, otherwise than by default, and the file of what they are told. */
  readonly admission?: {
    readonly enabled: readonly string[];
    readonly disabled: readonly string[];
    readonly configFile: string | undefined;
  };
  /** Versions of the API that are served only on request, as `--runtime-config` of the API server has them. */
  readonly runtimeConfig?: readonly string[];
  readonly acceptOlderData: boolean;
  readonly takeOver: boolean;
  readonly proxyMode: (typeof proxyModes)[number];
  /** What the ingress is told by flags. */
  readonly ingress?: Partial<IngressFlagValues>;
  readonly registryPort: number;
  /** Of what the cluster's authorities sign. Default: one year. */
  readonly certificateLifeMs: number | undefined;
  readonly logLevel: (typeof logLevels)[number];
}

/** Of a cluster on one machine: who changed what, without what is in it, and never more than 60 MB. */
export const auditLogLimits = { maxMegabytes: 10, maxBackups: 5, maxAgeDays: 30 } as const;
export const auditLogFile = 'audit/audit.log';
