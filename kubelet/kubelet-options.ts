/** What a kubelet is started with. */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import type { Connection } from '../client/connection.ts';
import type { Verification } from './images/pull-verification.ts';
import type { PressureOptions } from './pressure/pressure-options.ts';
import type { LogRotation, Runtime } from './runtime/runtime.ts';
import type { ShutdownPeriod } from './shutdown/shutdown-periods.ts';
import type { ShutdownSource } from './shutdown/shutdown-source.ts';
import type { ManifestSource } from './static-pods/manifest-source.ts';

export interface KubeletOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Volumes and other files of pods. */
  readonly dataDir: string;
  /**
   * Where drivers register themselves and mount volumes, as below upstream's kubelet: `plugins_registry`, `plugins`,
   * `pods`. Default: the data directory; drivers as they are published look in /var/lib/kubelet.
   */
  readonly pluginRoot?: string;
  /** What runs the containers. */
  readonly runtime: Runtime;
  readonly serving: KeyPairSource;
  /** Who can prove a name to the kubelet's server. */
  readonly clientCertificateAuthority: AuthoritySource;
  /** 0: any. Default 10250. */
  readonly port?: number;
  readonly clusterDns?: readonly string[];
  /** Default cluster.local. */
  readonly clusterDomain?: string;
  /** What pods get of the node's resolver; default: the machine's own. */
  readonly resolvConf?: string | undefined;
  /** Each pod has a control group of its own, below one for all pods. Default true. */
  readonly cgroupsPerQos?: boolean;
  /** All pods together get no more memory than the node has for them, with `cgroupsPerQos`. Default true. */
  readonly enforceNodeAllocatable?: boolean;
  /** Of each pod; 0 or less: no limit. Default: by the machine, see `computeMaxPids`. */
  readonly podMaxPids?: number;
  /** Kernel settings beyond the safe ones that pods may ask for; `*` at the end stands for any end. */
  readonly allowedUnsafeSysctls?: readonly string[];
  /** The longest wait between two starts of a container, 1 s to 5 min; a pod may ask for less. Default: 5 min. */
  readonly maxRestartPeriodMs?: number;
  /** How long a deleted pod waits at most until no proxy leads to it; a pod may say another bound. Default: 10 s. */
  readonly drainBoundMs?: number;
  /** What is reserved, and what is done when the node runs short. Default: upstream's. */
  readonly pressure?: PressureOptions;
  /** Pulls at the same time. Default: 4, more would only share the same line. */
  readonly maxParallelImagePulls?: number;
  /** Which images on the node a pod may only run that could have pulled them. Default: those that a kubelet pulled. */
  readonly imageVerification?: Verification;
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the administrator declares devices. Default: /etc/longshore/devices.yaml. */
  readonly devicesFile?: string;
  /** Where pods come from that the kubelet runs by itself. Default: nowhere. */
  readonly manifests?: readonly ManifestSource[];
  /** How large the logs of containers get in the runtime; it has to be told as well. */
  readonly logRotation?: LogRotation;
  /** How many bytes of logs of containers that are gone are kept, a quantity; `0`: none. Default: 256Mi. */
  readonly keptLogs?: string;
  /** Who tells of shutdowns of the machine, and how long pods get to end then. Default: a shutdown waits for no pod. */
  readonly shutdown?: { readonly source: ShutdownSource; readonly periods: readonly ShutdownPeriod[] };
  readonly clock?: Clock;
  /** For a node without a machine: its pods have no network that could be asked, so every probe passes. */
  readonly played?: PlayedNode;
}

export interface PlayedNode {
  /** What it has, in place of what this machine has. */
  readonly capacity: Readonly<Record<string, string>>;
}

export const usualKeptLogs = '256Mi';
