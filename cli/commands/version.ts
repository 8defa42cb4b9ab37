/** `version`: of kubecfg, and of the server when one answers. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import type { Arguments } from '../command.ts';
import { structuredPrinter } from '../printing.ts';
import type { Session } from '../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  const { version } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const clientVersion = { gitVersion: `v${version}`, platform: `${process.platform}/${process.arch}` };
  const printer = await structuredPrinter(args);
  if (printer === undefined)
    session.out.write(`kubecfg: ${clientVersion.gitVersion} (Node ${process.versions.node})\n`);
  const client = await session.client();
  const serverVersion = JSON.parse((await client.raw('GET', '/version')).text) as { gitVersion: string };
  session.out.write(printer?.({ clientVersion, serverVersion }) ?? `server:  ${serverVersion.gitVersion}\n`);
}
