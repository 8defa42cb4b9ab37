/** What keeps an object from working that its conditions do not tell, by its kind. Asked of the object and what it names. */

import { defaultStorageClassAnnotation } from '../../../api/labels.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { claimNamesOf } from '../../../api/pod-references.ts';
import { apiVersionOf, type Resource } from '../../../api/resource.ts';
import { horizontalPodAutoscalers } from '../../../api/resources/autoscaling.ts';
import { cronJobs } from '../../../api/resources/batch.ts';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceQuotas,
  secrets,
  services,
} from '../../../api/resources/core.ts';
import { endpointSlices } from '../../../api/resources/discovery.ts';
import { ingressClasses, ingresses } from '../../../api/resources/networking.ts';
import { podDisruptionBudgets } from '../../../api/resources/policy.ts';
import { storageClasses } from '../../../api/resources/storage.ts';
import type { Secret, Service } from '../../../api/types/core/v1.ts';
import type { StorageClass } from '../../../api/types/storage/v1.ts';
import { classOf } from '../../../api/volumes/storage-classes.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { podSelector } from '../../pods-of.ts';
import { listAll } from '../../requests.ts';
import { explainClaim } from './explain-claim.ts';
import { explainIngress, namedByIngress } from './explain-ingress.ts';
import { explainService } from './explain-service.ts';
import {
  explainAutoscaler,
  explainBudget,
  explainCronJob,
  explainNode,
  explainQuota,
  explainVolume,
} from './explain-small-kinds.ts';

const everywhere = { namespace: undefined };

type Ask = (client: Client, object: Stored) => Promise<readonly Cause[] | undefined>;

/** Undefined: the object is of another kind. */
function of<T extends KubernetesObject>(
  resource: Resource<T>,
  ask: (client: Client, object: Stored<T>) => readonly Cause[] | Promise<readonly Cause[]>,
): Ask {
  const isOne = (object: Stored): object is Stored<T> =>
    object.kind === resource.kind && object.apiVersion === apiVersionOf(resource);
  return async (client, object) => (isOne(object) ? await ask(client, object) : undefined);
}

const asks: readonly Ask[] = [
  of(persistentVolumeClaims, async (client, claim) => {
    const { namespace, name } = claim.metadata;
    const [classes, all] = await Promise.all([
      listAll(client, storageClasses, everywhere),
      listAll(client, pods, { namespace }),
    ]);
    const users = all.filter((pod) => claimNamesOf(pod).includes(name));
    return explainClaim(claim, {
      storageClass: classes.find(({ metadata }) => metadata.name === classOf(claim)),
      hasDefaultClass: classes.some(isDefaultClass),
      users,
    });
  }),
  of(services, async (client, service) => {
    const { namespace, name } = service.metadata;
    const labelSelector = podSelector(service);
    const [slices, selected] = await Promise.all([
      listAll(client, endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${name}` }),
      labelSelector === undefined ? [] : listAll(client, pods, { namespace, labelSelector }),
    ]);
    return explainService(service, { slices, pods: selected });
  }),
  of(ingresses, async (client, ingress) => {
    const { namespace } = ingress.metadata;
    const named = namedByIngress(ingress);
    const present = async <T extends KubernetesObject>(resource: Resource<T>, names: readonly string[]) =>
      (await Promise.all(names.map((name) => ifPresent(client.get(resource, { namespace, name }))))).filter(
        (one) => one !== undefined,
      );
    return explainIngress(ingress, {
      services: await present<Service>(services, named.services),
      secrets: (await present<Secret>(secrets, named.secrets)).map(({ metadata }) => metadata.name),
      classes: (await listAll(client, ingressClasses, everywhere)).map(({ metadata }) => metadata.name),
    });
  }),
  of(nodes, (_, node) => explainNode(node)),
  of(cronJobs, (_, cronJob) => explainCronJob(cronJob)),
  of(persistentVolumes, (_, volume) => explainVolume(volume)),
  of(resourceQuotas, (_, quota) => explainQuota(quota)),
  of(podDisruptionBudgets, (_, budget) => explainBudget(budget)),
  of(horizontalPodAutoscalers, (_, autoscaler) => explainAutoscaler(autoscaler)),
];

const isDefaultClass = ({ metadata }: Stored<StorageClass>): boolean =>
  metadata.annotations?.[defaultStorageClassAnnotation] === 'true';

export async function kindCauses(client: Client, object: Stored): Promise<readonly Cause[]> {
  for (const ask of asks) {
    const causes = await ask(client, object);
    if (causes !== undefined) return causes;
  }
  return [];
}
