/** A new node takes no pods before it was seen to be ready. */

import { notReadyTaint } from '../../api/labels.ts';
import { nodes } from '../../api/resources/core.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

const notReady = { key: notReadyTaint, effect: 'NoSchedule' };

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',

  admit: [
    onWrite(['CREATE'], nodes, ({ object: node }) => {
      node.spec ??= {};
      const { taints = [] } = node.spec;
      if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
      node.spec.taints = [...taints, { ...notReady }];
    }),
  ],
};
