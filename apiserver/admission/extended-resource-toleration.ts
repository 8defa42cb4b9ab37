/** Nodes with devices are tainted by the device's name; who asks for the device puts up with the taint. */

import { pods } from '../../api/resources/core.ts';
import type { Toleration } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import { isExtendedResource } from '../../kinds/workloads/pod-spec/resources.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',

  admit: [
    onWrite(['CREATE', 'UPDATE'], pods, ({ object: { spec } }) => {
      if (spec === undefined) return;
      const containers = [...spec.containers, ...(spec.initContainers ?? [])];
      const devices = new Set(
        containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})).filter(isExtendedResource),
      );
      const { tolerations = [] } = spec;
      const missing = [...devices].sort(compareText).filter((device) => !tolerations.some(isFor(device)));
      if (missing.length === 0) return;
      spec.tolerations = [
        ...tolerations,
        ...missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoSchedule' })),
      ];
    }),
  ],
};

const isFor =
  (device: string) =>
  ({ key, operator = 'Equal', effect, value = '' }: Toleration): boolean =>
    key === device && operator === 'Exists' && effect === 'NoSchedule' && value === '';
