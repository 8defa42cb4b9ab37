/** What `expose` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, fileOptions, output, selector, text } from '../../options.ts';

export const exposeCommand: Command = {
  usage: 'expose [resources..]',
  describe: 'Make a Service for a deployment, rs, rc, pod or service: expose deployment web --port 80',
  options: {
    ...output,
    ...fileOptions,
    ...dryRun,
    ...fieldManager,
    selector: { ...selector, describe: 'Which pods; default: those of the object' },
    port: text('The port of the Service; default: those of the object'),
    'target-port': text('The port of the pods, a number or a name'),
    protocol: text('TCP, UDP or SCTP'),
    name: text('The name of the Service; default: the name of the object'),
    type: text('ClusterIP, NodePort, LoadBalancer or ExternalName'),
    labels: text('The labels of the Service; default: those of the object'),
    'cluster-ip': text('Its address, or None'),
    'external-ip': text('A further address'),
    'load-balancer-ip': text('The address of the load balancer'),
    'session-affinity': text('None or ClientIP'),
  },
  load: () => import('./run.ts'),
};
