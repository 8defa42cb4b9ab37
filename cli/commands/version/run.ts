/** `version`: of kubecfg, and of the server when one answers. */

import { gitVersion } from '../../../base/version.ts';
import { type Arguments, isSet } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { structuredPrinter } from '../../printing.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const clientVersion = { gitVersion, platform: `${process.platform}/${process.arch}` };
  const printer = await structuredPrinter(args);
  if (printer === undefined)
    context.out.write(`kubecfg: ${clientVersion.gitVersion} (Node ${process.versions.node})\n`);
  if (isSet(args, 'client')) return void (printer && context.out.write(printer({ clientVersion })));
  const client = await context.client();
  // What this path answers with.
  const serverVersion = JSON.parse((await client.raw('GET', '/version')).text) as { gitVersion: string };
  context.out.write(printer?.({ clientVersion, serverVersion }) ?? `server:  ${serverVersion.gitVersion}\n`);
}
