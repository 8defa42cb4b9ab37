/** Objects that controllers cannot serve, of each kind that they work on, though the API takes them. */

import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { daemonSets, deployments, replicaSets, statefulSets } from '../../api/resources/apps.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { cronJobs, jobs } from '../../api/resources/batch.ts';
import {
  configMaps,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicationControllers,
  resourceQuotas,
  secrets,
  services,
} from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';

/** A namespace for it; no pod that does not say that it runs as nobody may be there. */
export const poisoned = 'poisoned';
export const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image: 'registry.example/app:1' }] },
});
export const ending = (app: string) => {
  const { metadata, spec } = template(app);
  return { metadata, spec: { ...spec, restartPolicy: 'Never' } };
};
export const selector = (app: string) => ({ matchLabels: { app } });

export interface Poison {
  readonly resource: Resource;
  make(name: string): KubernetesObject;
}

const poison = <T extends KubernetesObject>(resource: Resource<T>, make: (name: string) => T): Poison => ({
  resource,
  make,
});
const metadata = (name: string) => ({ namespace: poisoned, name });
/** That may be there. */
const restrictedPod = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      ...{ name: 'c', image: 'registry.example/app:1' },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};
const unknownOwner = { apiVersion: 'nobody.example/v1', kind: 'Nothing', name: 'nothing', uid: 'nothing' };

export const poisons: readonly Poison[] = [
  poison(deployments, (name) => ({
    metadata: { ...metadata(name), annotations: { 'longshore.dev/roll-on-configuration-change': 'true' } },
    spec: { replicas: 2, selector: selector(name), template: template(name) },
  })),
  poison(replicaSets, (name) => ({
    metadata: metadata(name),
    spec: { replicas: 2_000_000_000, selector: selector(name), template: template(name) },
  })),
  poison(replicationControllers, (name) => ({
    metadata: metadata(name),
    spec: { replicas: 2, selector: { app: name }, template: template(name) },
  })),
  poison(statefulSets, (name) => ({
    metadata: { ...metadata(name), annotations: { 'longshore.dev/roll-back-on-failure': 'true' } },
    spec: { replicas: 2, serviceName: 'nothing', selector: selector(name), template: template(name) },
  })),
  poison(daemonSets, (name) => ({
    metadata: metadata(name),
    spec: { selector: selector(name), template: template(name) },
  })),
  poison(jobs, (name) => ({ metadata: metadata(name), spec: { template: ending(name) } })),
  poison(cronJobs, (name) => ({
    metadata: metadata(name),
    // A day that never comes.
    spec: { schedule: '0 0 30 2 *', jobTemplate: { spec: { template: ending(name) } } },
  })),
  poison(horizontalPodAutoscalers, (name) => ({
    metadata: metadata(name),
    spec: { scaleTargetRef: { apiVersion: 'nobody.example/v1', kind: 'Nothing', name }, maxReplicas: 3 },
  })),
  poison(podDisruptionBudgets, (name) => ({ metadata: metadata(name), spec: { maxUnavailable: 1, selector: {} } })),
  poison(services, (name) => ({
    metadata: metadata(name),
    spec: { clusterIP: 'None', selector: { app: name }, ports: [{ port: 80, targetPort: 'no-such-port' }] },
  })),
  poison(persistentVolumeClaims, (name) => ({
    metadata: metadata(name),
    spec: {
      storageClassName: 'nothing',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  })),
  poison(persistentVolumes, (name) => ({
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'nothing.example', volumeHandle: name },
      claimRef: { namespace: poisoned, name: 'nothing', uid: 'nothing' },
    },
  })),
  poison(secrets, (name) => ({
    metadata: { ...metadata(name), annotations: { 'kubernetes.io/service-account.name': 'nothing' } },
    type: 'kubernetes.io/service-account-token',
  })),
  poison(configMaps, (name) => ({ metadata: { ...metadata(name), ownerReferences: [unknownOwner] } })),
  poison(resourceQuotas, (name) => ({
    metadata: metadata(name),
    spec: { hard: { 'count/nothings.nobody.example': '1' } },
  })),
  poison(pods, (name) => ({ metadata: metadata(name), spec: { ...restrictedPod, nodeName: 'node' } })),
  poison(namespaces, (name) => ({ metadata: { name } })),
];
