/** Fields of pods that are newer than the published types: the same objects, with what upstream has added since. */

import type {
  Container,
  EnvVarSource,
  EphemeralContainer,
  Lifecycle,
  Pod,
  PodSecurityContext,
  PodSpec,
  ResourceRequirements,
  Volume,
  VolumeProjection,
} from '../../../api/types/core/v1.ts';

export interface RestartRule {
  action: string;
  exitCodes?: { operator: string; values?: number[] };
}

export interface NewerContainer extends Container {
  restartPolicyRules?: RestartRule[];
  lifecycle?: Lifecycle & { stopSignal?: string };
}

export interface NewerEphemeralContainer extends EphemeralContainer {
  restartPolicy?: string;
  restartPolicyRules?: RestartRule[];
}

export interface NewerEnvVarSource extends EnvVarSource {
  fileKeyRef?: { volumeName: string; path: string; key: string; optional?: boolean };
}

export interface NewerVolume extends Volume {
  image?: { reference?: string; pullPolicy?: string };
}

export interface NewerVolumeProjection extends VolumeProjection {
  podCertificate?: {
    signerName: string;
    keyType: string;
    maxExpirationSeconds?: number;
    credentialBundlePath?: string;
    keyPath?: string;
    certificateChainPath?: string;
  };
}

export interface NewerPodSecurityContext extends PodSecurityContext {
  supplementalGroupsPolicy?: string;
  seLinuxChangePolicy?: string;
}

export interface NewerPodSpec extends PodSpec {
  containers: NewerContainer[];
  initContainers?: NewerContainer[];
  ephemeralContainers?: NewerEphemeralContainer[];
  resources?: ResourceRequirements;
  hostnameOverride?: string;
  securityContext?: NewerPodSecurityContext;
  volumes?: NewerVolume[];
}

export type NewerPod = Pod & { spec?: NewerPodSpec };
