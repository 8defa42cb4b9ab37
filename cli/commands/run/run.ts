/** `run NAME --image IMAGE`: a pod. `run IMAGE REPLICAS NAME`: a replication controller, and with `-s` a service. */

import { replicationControllers, services } from '../../../api/resources/core.ts';
import type { ReplicationController, Service } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, countOf, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { yamlPrinter } from '../../printing.ts';
import { parsePortSpec } from './port-spec.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  if (args.controller === undefined) return await (await import('./run-pod.ts')).runPod(context, args);
  const namespace = await context.oneNamespace();
  const wanted = controllerOf(args, namespace);
  const service = serviceOf(args, namespace);
  const client = await context.client();
  const print = await yamlPrinter();
  context.out.write(print(await client.create(replicationControllers, wanted)));
  if (service !== undefined) context.out.write(`---\n${print(await client.create(services, service))}`);
}

function controllerOf(args: Arguments, namespace: string): ReplicationController {
  const name = textOf(args, 'controller') ?? '';
  const ports = parsePortSpec(textOf(args, 'ports') ?? '');
  const container = {
    name: name.toLowerCase(),
    image: textOf(args, 'name') ?? '',
    ...(ports.length > 0 && { ports }),
  };
  return {
    metadata: { name, namespace, labels: { name } },
    spec: {
      replicas: countOf(args, 'replicas'),
      selector: { name },
      template: { metadata: { labels: { name } }, spec: { containers: [container] } },
    },
  };
}

/** The classic default of `-s` is -1: no service. */
function serviceOf(args: Arguments, namespace: string): Service | undefined {
  const text = textOf(args, 'service');
  if (text === undefined || Number(text) <= 0) return undefined;
  const port = countOf(args, 'service', 1);
  const name = textOf(args, 'controller') ?? '';
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw new UserError(
      `A service needs a DNS label as its name, which "${name}" is not: lower-case letters, digits and -`,
    );
  }
  return {
    metadata: { name, namespace, labels: { name } },
    spec: { selector: { name }, ports: [{ port, protocol: 'TCP' }] },
  };
}
