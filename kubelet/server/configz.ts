/** `/configz`: the settings of this kubelet under the names of upstream's configuration. Pure. */

import type { KubeletOptions } from '../kubelet-options.ts';
import { usualLogRotation } from '../runtime/runtime.ts';

export interface ConfigzInput
  extends Pick<KubeletOptions, 'clusterDns' | 'clusterDomain' | 'allowedUnsafeSysctls' | 'port' | 'logRotation'> {
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
