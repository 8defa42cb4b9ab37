/** `cluster-info`: the address of the API server, and of Services that say they are of the cluster. */

import { services } from '../../../api/resources/core.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll } from '../../requests.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const action = textOf(args, 'action');
  if (action === 'dump') return await (await import('./dump.ts')).dump(context, args);
  if (action !== undefined) throw new UserError(`error: unknown command ${JSON.stringify(action)}: there is dump`);
  const { servers } = await context.connection();
  const [server = ''] = servers;
  const client = await context.client();
  const labelSelector = 'kubernetes.io/cluster-service=true';
  const found = await listAll(client, services, { namespace: 'kube-system', labelSelector });
  context.out.write(`Kubernetes control plane is running at ${server}\n`);
  for (const { metadata, spec } of found) {
    const port = spec?.ports?.[0]?.name;
    const name = port === undefined ? metadata.name : `${metadata.name}:${port}`;
    const title = metadata.labels?.['kubernetes.io/name'] ?? metadata.name;
    context.out.write(`${title} is running at ${server}/api/v1/namespaces/kube-system/services/${name}/proxy\n`);
  }
  context.out.write(
    "\nTo further debug and diagnose cluster problems, use 'kubecfg describe nodes' and 'kubecfg events -A'.\n",
  );
}
