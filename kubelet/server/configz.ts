/** `/configz`: the settings of this kubelet under the names of upstream's configuration. Pure. */

import { type LogRotation, usualLogRotation } from '../runtime/runtime.ts';

/** What is left out is as usual. */
export interface ConfigzInput {
  readonly port?: number;
  readonly clusterDns?: readonly string[];
  readonly clusterDomain?: string;
  readonly allowedUnsafeSysctls?: readonly string[];
  readonly logRotation?: LogRotation;
  readonly maxPods: number;
  readonly podMaxPids: number;
}

export const computeConfigz = (input: ConfigzInput): object => ({
  kubeletconfig: {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    enableServer: true,
    port: input.port ?? 10250,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true, cacheTTL: '5s' },
    },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '10s', cacheUnauthorizedTTL: '5s' } },
    clusterDomain: input.clusterDomain ?? 'cluster.local',
    clusterDNS: input.clusterDns ?? [],
    maxPods: input.maxPods,
    podPidsLimit: input.podMaxPids,
    containerLogMaxSize: input.logRotation?.maxSize ?? usualLogRotation.maxSize,
    containerLogMaxFiles: input.logRotation?.maxFiles ?? usualLogRotation.maxFiles,
    allowedUnsafeSysctls: input.allowedUnsafeSysctls ?? [],
    enableDebuggingHandlers: true,
    enableSystemLogHandler: false,
    rotateCertificates: true,
  },
});
