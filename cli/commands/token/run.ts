/** `token create|list|revoke`. */

import { UserError } from '../../../base/user-error.ts';
import { createToken, listTokens, revokeToken } from '../../../cluster/joining/tokens.ts';
import { type Arguments, countOf, durationMs, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const id = textOf(args, 'id');
  switch (textOf(args, 'action')) {
    case 'create': {
      const ttlMs = durationMs(textOf(args, 'ttl') ?? '', '--ttl');
      const uses = countOf(args, 'uses');
      const line = await createToken(client, {
        role: textOf(args, 'role') ?? '',
        description: textOf(args, 'description') ?? '',
        lifeMs: ttlMs === 0 ? undefined : ttlMs,
        uses: uses === 0 ? undefined : uses,
        server: textOf(args, 'server'),
        now: Date.now(),
      });
      context.out.write(`${line}\n`);
      return;
    }
    case 'list':
      context.out.write(await listTokens(client, Date.now()));
      return;
    case 'revoke':
      if (id === undefined)
        throw new UserError('Name the token: kubecfg token revoke ID; "kubecfg token list" shows them');
      await revokeToken(client, id, Date.now());
      context.out.write(`token ${id.split('.').at(id.startsWith('LS1.') ? 1 : 0)} revoked\n`);
      return;
    default:
      throw new UserError('usage: kubecfg token create | list | revoke ID');
  }
}
