/** Fields that upstream knows but has switched off: they are dropped in silence, in pods and in templates. */

import type { Container, EphemeralContainer, PodSpec } from '../../../api/types/core/v1.ts';

export function dropGatedFields(spec: PodSpec): void {
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) dropStopSignal(container);
  for (const volume of spec.volumes ?? []) {
    for (const source of volume.projected?.sources ?? []) {
      for (const field of gatedProjections) Reflect.deleteProperty(source, field);
    }
  }
}

const gatedProjections = ['clusterTrustBundle', 'podCertificate'];

function dropStopSignal(container: Container | EphemeralContainer): void {
  const { lifecycle } = container;
  if (!lifecycle || !('stopSignal' in lifecycle)) return;
  Reflect.deleteProperty(lifecycle, 'stopSignal');
  if (!lifecycle.postStart && !lifecycle.preStop) delete container.lifecycle;
}
