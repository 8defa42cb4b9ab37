/** `pods/<name>/why`: why a pod waits, fails or does not go, from the pod and what the scheduler wrote down on it. */

import type { Stored } from '../../../api/object.ts';
import { explainPod } from '../../../api/pod-explanation.ts';
import { notFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Registries } from '../../registry/registries.ts';
import { storedTarget } from '../../registry/target.ts';
import { parseResourceVersion } from '../../request/list-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { waitUntilFresh } from '../read.ts';
import type { ServerOf } from '../resource-server.ts';

export const createWhyServer = (registries: Registries): ServerOf<'podWhy'> => ({
  async get(request, target) {
    const negotiated = negotiate(request.header('accept'), ['object']);
    const { registry, kind, namespace, name } = storedTarget(registries, target);
    await waitUntilFresh(registry.cache, parseResourceVersion(request.query.get('resourceVersion') ?? ''));
    const item = registry.cache.get(registry.storeKey({ namespace, name }));
    if (item === undefined || !isPod(item.object)) throw notFound(kind, name);
    await sendValue(request, 200, explainPod(item.object), negotiated);
  },
});

const isPod = (object: DeepReadonly<Stored>): object is DeepReadonly<Stored<Pod>> => object.kind === 'Pod';
