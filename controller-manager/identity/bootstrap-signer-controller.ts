/** Keeps `kube-public/cluster-info` signed by every bootstrap token that may sign (`bootstrap-signatures.ts`). */

import { bootstrapTokenNamespace, bootstrapTokenType, readBootstrapToken } from '../../api/bootstrap-token.ts';
import { configMaps, secrets } from '../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Controller } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { signedData } from './bootstrap-signatures.ts';

const key = 'kube-public/cluster-info';

export function createBootstrapSignerController({
  client,
  informers: shared,
  controller,
  clock,
}: ControllerContext): Controller {
  const informers = {
    info: shared.selected(configMaps, { fieldSelector: 'metadata.namespace=kube-public,metadata.name=cluster-info' }),
    secrets: shared.selected(secrets, { fieldSelector: `type=${bootstrapTokenType}` }),
  };

  async function reconcile() {
    const info = informers.info.get(key);
    if (info === undefined) return {};
    const tokens = [...informers.secrets.list(bootstrapTokenNamespace)].flatMap(
      (secret) => readBootstrapToken(secret) ?? [],
    );
    const data = signedData(info.data ?? {}, tokens, clock.now());
    try {
      if (data !== undefined) await client.update<ConfigMap>(configMaps, changedCopy<ConfigMap>(info, { data }));
    } catch (error) {
      // Whoever changed or deleted it: its change comes here next.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const ends = tokens.flatMap(({ expiresAt }) =>
      expiresAt !== undefined && expiresAt > clock.now() ? expiresAt : [],
    );
    return ends.length === 0 ? {} : { requeueAfterMs: Math.min(longestWaitMs, Math.min(...ends) - clock.now()) };
  }

  return controller({ reconciler: { reconcile }, workers: 1 })
    .watch(informers.info, () => [key])
    .watch(informers.secrets, () => [key]);
}

const longestWaitMs = 3_600_000;
