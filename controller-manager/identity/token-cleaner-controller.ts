/** Deletes bootstrap tokens once their time is over, and says so where hosts look that still come with one. */

import { bootstrapTokenType } from '../../api/bootstrap-token.ts';
import {
  clusterInfo,
  endedTokensKey,
  formatEndedTokens,
  isTokenExpired,
  parseEndedTokens,
  readJoiningToken,
} from '../../api/joining-tokens.ts';
import { configMaps, secrets } from '../../api/resources/core.ts';
import { isConflict } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { ConfigMap, Secret } from '../../api/types/core/v1.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';

/** The longest wait: clocks are set. */
const longestWaitMs = 600_000;

export function createTokenCleanerController(context: ControllerContext): Controller {
  const { client, informers, clock, controller } = context;
  const tokens = informers.selected(secrets, { fieldSelector: `type=${bootstrapTokenType}` });

  async function reconcile(key: string) {
    const secret = tokens.get(key);
    const token = secret && readJoiningToken(secret);
    if (secret === undefined || token?.expiresAt === undefined) return {};
    const leftMs = token.expiresAt - clock.now();
    if (!isTokenExpired(token, clock.now())) return { requeueAfterMs: Math.min(leftMs, longestWaitMs) };
    await rememberEnded(client, token.id, clock.now());
    const { name, namespace, uid, resourceVersion } = secret.metadata;
    const precondition = { uid, resourceVersion };
    try {
      await ifPresent(client.delete<Secret>(secrets, { namespace, name }, precondition));
    } catch (error) {
      // It was given more time meanwhile: that change comes to us too.
      if (!isConflict(error)) throw error;
    }
    return {};
  }

  return controller({ reconciler: { reconcile }, workers: 1 }).watch(tokens, keyOfChange);
}

/** In a cluster that tells nothing to hosts there is nothing to be said. */
async function rememberEnded(client: Client, id: string, now: number): Promise<void> {
  const found = await ifPresent(client.get<ConfigMap>(configMaps, clusterInfo));
  if (found === undefined) return;
  const ended = {
    ...parseEndedTokens(found.data?.[endedTokensKey]),
    [id]: { why: 'expired' as const, at: formatTime(now) },
  };
  await client.update<ConfigMap>(configMaps, {
    ...found,
    data: { ...found.data, [endedTokensKey]: formatEndedTokens(ended) },
  });
}
