/** `version`: of kubecfg, and of the server when one answers. */

import { gitVersion } from '../../../base/version.ts';
import type { Arguments } from '../../arguments.ts';
import { structuredPrinter } from '../../printing.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  const clientVersion = { gitVersion, platform: `${process.platform}/${process.arch}` };
  const printer = await structuredPrinter(args);
  if (printer === undefined)
    session.out.write(`kubecfg: ${clientVersion.gitVersion} (Node ${process.versions.node})\n`);
  const client = await session.client();
  const serverVersion = JSON.parse((await client.raw('GET', '/version')).text) as { gitVersion: string };
  session.out.write(printer?.({ clientVersion, serverVersion }) ?? `server:  ${serverVersion.gitVersion}\n`);
}
