/** Every pod runs as a service account that exists; where tokens are issued, the pod gets one mounted. */

import { mirrorAnnotation } from '../../api/labels.ts';
import { secretNamesOf } from '../../api/pod-references.ts';
import { pods, serviceAccounts } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { checkPathSegment } from '../../kinds/validation/names.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite, type WriteOf } from '../registry/admission.ts';
import { generateName } from '../registry/object-metadata.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export interface ServiceAccountOptions {
  /** Whether kubelets can get tokens for pods: without, a pod that mounts one would never start. */
  readonly mountTokens: boolean;
}

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** An hour, and a little so that the first renewal does not fall on the hour. */
const tokenSeconds = 3607;

export const createServiceAccountPlugin = (
  objects: ObjectReader,
  { mountTokens }: ServiceAccountOptions,
): AdmissionPlugin => ({
  name: 'ServiceAccount',

  admit: [
    onWrite(['CREATE'], pods, async (request) => {
      const pod = request.object;
      if (pod.spec === undefined) return;
      if (pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) return refuseReferences(request);
      pod.spec.serviceAccountName ||= 'default';
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await findAccount(objects, request, pod.spec.serviceAccountName);
      if (mountTokens && wantsToken(pod.spec, account)) mountToken(pod.spec);
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    }),
  ],
});

/** What a kubelet shows of a pod of its own must not bring it anything of the API. */
function refuseReferences({ kind, name, object }: WriteOf<Pod>): void {
  const refuse = (what: string) => forbidden(kind, name, `a mirror pod may not ${what}`);
  if (object.spec?.serviceAccountName) throw refuse('reference service accounts');
  if (secretNamesOf(object).length > 0) throw refuse('reference secrets');
  const projected = (object.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  if (projected.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) {
    throw refuse('use ServiceAccountToken volume projections');
  }
}

async function findAccount(
  objects: ObjectReader,
  request: AdmissionRequest,
  name: string,
): Promise<DeepReadonly<ServiceAccount>> {
  const { kind, namespace = '' } = request;
  const refuse = (why: string) =>
    forbidden(kind, request.name, `error looking up service account ${namespace}/${name}: ${why}`);
  const wrong = checkPathSegment(name);
  if (wrong.length > 0) throw refuse(`invalid resource name ${JSON.stringify(name)}: [${wrong.join(', ')}]`);
  const account = await objects.find(serviceAccounts, { namespace, name });
  if (account === undefined) throw refuse(`serviceaccount ${JSON.stringify(name)} not found`);
  return account;
}

const wantsToken = (spec: PodSpec, account: DeepReadonly<ServiceAccount>): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

function mountToken(spec: PodSpec): void {
  const containers: Container[] = [...(spec.initContainers ?? []), ...spec.containers];
  const lacking = containers.filter(
    ({ volumeMounts = [] }) => !volumeMounts.some((mount) => mount.mountPath === mountPath),
  );
  if (lacking.length === 0) return;
  const name = generateName('kube-api-access-');
  for (const container of lacking) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  }
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources: tokenSources(), defaultMode: 0o644 } }];
}

const tokenSources = () => [
  { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
];
