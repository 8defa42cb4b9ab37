/** Two pods cannot listen on the same port of one host. */

import type { FilterPlugin, Refusal } from '../framework.ts';

const name = 'NodePorts';
const refusal: Refusal = {
  plugin: name,
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  resolvable: true,
};

export const hostPorts: FilterPlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added', 'pod removed'],
  prepareFilter(pod) {
    if (pod.hostPorts.length === 0) return undefined;
    return {
      refuse: (node) => (pod.hostPorts.some((port) => node.isTaken(port)) ? refusal : undefined),
      help(node) {
        const taken = pod.hostPorts.filter((port) => node.isTaken(port));
        const steps = taken.map(({ protocol, port }) => `free host port ${port}/${protocol}`);
        return { steps, distance: steps.length };
      },
    };
  },
};
