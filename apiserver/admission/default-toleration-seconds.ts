/** A pod puts up with a node that is not ready or not reachable for five minutes, unless it says otherwise. */

import { notReadyTaint, unreachableTaint } from '../../api/labels.ts';
import { pods } from '../../api/resources/core.ts';
import type { Toleration } from '../../api/types/core/v1.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

const taints: readonly string[] = [notReadyTaint, unreachableTaint];
const defaultSeconds = 300;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',

  admit: [
    onWrite(['CREATE', 'UPDATE'], pods, ({ object: { spec } }) => {
      if (spec === undefined) return;
      const { tolerations = [] } = spec;
      const missing = taints.filter(
        (taint) => !tolerations.some((toleration) => toleratesNoExecute(toleration, taint)),
      );
      if (missing.length === 0) return;
      spec.tolerations = [
        ...tolerations,
        ...missing.map(
          (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: defaultSeconds }),
        ),
      ];
    }),
  ],
};

const toleratesNoExecute = ({ key = '', effect = '' }: Toleration, taint: string): boolean =>
  (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
