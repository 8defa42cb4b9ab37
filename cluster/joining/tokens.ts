/** Makes, lists and revokes tokens for joining, through the API. */

import { bootstrapTokenNamespace, bootstrapTokenType, tokenSecretName } from '../../api/bootstrap-token.ts';
import {
  clusterInfo,
  endedTokensKey,
  formatEndedTokens,
  isTokenExpired,
  isTokenId,
  type JoiningToken,
  joiningSecretOf,
  parseEndedTokens,
  readJoiningToken,
  tokenRoles,
  usesLeftOf,
  workersGroup,
} from '../../api/joining-tokens.ts';
import { configMaps, secrets } from '../../api/resources/core.ts';
import { isConflict } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { ConfigMap, Secret } from '../../api/types/core/v1.ts';
import { UserError } from '../../base/user-error.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import { readIntroduction, serverOf } from './introduction.ts';
import { authorityHashOf, formatJoinToken, randomTokenParts } from './join-token.ts';

export interface TokenWish {
  readonly role: string;
  readonly description: string;
  /** Undefined: for ever. */
  readonly lifeMs: number | undefined;
  /** Undefined: any number. */
  readonly uses: number | undefined;
  /** Undefined: as the cluster says. */
  readonly server: string | undefined;
  readonly now: number;
}

/** The line to be run on a host that is to join. */
export async function createToken(client: Client, wish: TokenWish): Promise<string> {
  const { role, description, lifeMs, uses, server, now } = wish;
  if (!tokenRoles.some((one) => one === role))
    throw new UserError(`--role must be one of ${tokenRoles.join(', ')}, not "${role}"`);
  const info = await ifPresent(client.get<ConfigMap>(configMaps, clusterInfo));
  const introduction = readIntroduction(info);
  const [authority] = introduction.authorities;
  if (authority === undefined)
    throw new UserError('This cluster does not introduce itself to hosts that join: start it again with "kubecfg up".');
  const parts = randomTokenParts();
  const token: JoiningToken = {
    ...parts,
    description,
    expiresAt: lifeMs === undefined ? undefined : now + lifeMs,
    groups: [workersGroup],
    uses,
    usedBy: [],
  };
  await client.create<Secret>(secrets, joiningSecretOf(token));
  const word = formatJoinToken({ ...parts, authorityHash: authorityHashOf(authority) });
  return `npx kubecfg join ${server ?? serverOf(introduction)} --token ${word}`;
}

/** A table; no secret is in it. */
export async function listTokens(client: Client, now: number): Promise<string> {
  const options = { namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` };
  const { items } = await client.list<Secret>(secrets, options);
  const tokens = items.flatMap((secret) => readJoiningToken(secret) ?? []);
  if (tokens.length === 0) return 'No tokens.\n';
  const head = ['ID', 'ROLE', 'LEFT', 'USES LEFT', 'DESCRIPTION'];
  const rows = tokens.map((token) => [
    token.id,
    token.groups.includes(workersGroup) ? 'worker' : '-',
    lifeText(token, now),
    usesText(token),
    token.description,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

function lifeText(token: JoiningToken, now: number): string {
  if (token.expiresAt === undefined) return 'for ever';
  if (isTokenExpired(token, now)) return 'expired';
  const seconds = Math.ceil((token.expiresAt - now) / 1000);
  return seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.floor(seconds / 60)} min`
      : `${Math.floor(seconds / 3600)} h`;
}

function usesText(token: JoiningToken): string {
  const left = usesLeftOf(token);
  return left === undefined ? 'any number' : `${left} of ${token.uses}`;
}

/** `word`: its id, or the whole word. Hosts that have joined by it stay. */
export async function revokeToken(client: Client, word: string, now: number): Promise<void> {
  const id = word.split('.').at(word.startsWith('LS1.') ? 1 : 0) ?? '';
  if (!isTokenId(id)) throw new UserError(`"${id.slice(0, 20)}" is no id of a token: six small letters or digits`);
  const key = { namespace: bootstrapTokenNamespace, name: tokenSecretName(id) };
  if ((await ifPresent(client.get<Secret>(secrets, key))) === undefined)
    throw new UserError(`There is no token ${id}: "kubecfg token list" shows those that there are.`);
  await ifPresent(client.delete<Secret>(secrets, key));
  await rememberRevoked(client, id, now);
}

async function rememberRevoked(client: Client, id: string, now: number): Promise<void> {
  for (;;) {
    const found = await ifPresent(client.get<ConfigMap>(configMaps, clusterInfo));
    if (found === undefined) return;
    const ended = parseEndedTokens(found.data?.[endedTokensKey]);
    const text = formatEndedTokens({ ...ended, [id]: { why: 'revoked', at: formatTime(now) } });
    try {
      await client.update<ConfigMap>(configMaps, { ...found, data: { ...found.data, [endedTokensKey]: text } });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
