/** A pod that names its node may run there and nowhere else. */

import type { FilterPlugin, Refusal } from '../framework.ts';

const name = 'NodeName';
const refusal: Refusal = { plugin: name, reasons: ["node(s) didn't match the requested node name"], resolvable: false };

export const nodeName: FilterPlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added'],
  prepareFilter({ pod }) {
    const wanted = pod.spec.nodeName;
    if (!wanted) return undefined;
    return {
      refuse: (node) => (node.name === wanted ? undefined : refusal),
      help: () => ({ steps: [`the pod only accepts the node ${wanted}`], distance: 10 }),
    };
  },
};
