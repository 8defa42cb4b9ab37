/** A new node takes no pods before it was seen to be ready. */

import { notReadyTaint } from '../../api/labels.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { AdmissionPlugin } from '../registry/admission.ts';

const notReady = { key: notReadyTaint, effect: 'NoSchedule' };

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',

  admit({ operation, kind, subresource, object }) {
    if (operation !== 'CREATE' || kind.plural !== 'nodes' || subresource !== undefined) return;
    const node = object as Node;
    node.spec ??= {};
    const { taints = [] } = node.spec;
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec.taints = [...taints, { ...notReady }];
  },
};
