/**
 * Every pod runs as a service account that exists; where tokens are issued, the pod gets one mounted. What an account
 * may limit (`service-account-limits.ts`) holds for its pods.
 */

import { mirrorAnnotation } from '../../api/labels.ts';
import { pods, serviceAccounts } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../api/types/core/v1.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite } from '../registry/admission.ts';
import { generateName } from '../registry/object-metadata.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import {
  limitsSecrets,
  whyEphemeralContainersRefused,
  whyMirrorRefused,
  whySecretsRefused,
} from './service-account-limits.ts';

export interface ServiceAccountOptions {
  /** Whether kubelets can get tokens for pods: without, a pod that mounts one would never start. */
  readonly mountTokens: boolean;
  /** Default: the system's. */
  readonly clock?: Clock;
}

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** One for all pods: those that are made of one template stay alike, and what is alike is judged once. */
const volumeName = generateName(volumePrefix);
/** An hour, and a little so that the first renewal does not fall on the hour. */
const tokenSeconds = 3607;
const defaultAccount = 'default';

export const createServiceAccountPlugin = (
  objects: ObjectReader,
  { mountTokens, clock = systemClock }: ServiceAccountOptions,
): AdmissionPlugin => ({
  name: 'ServiceAccount',

  admit: [
    onWrite(['CREATE'], pods, async (request) => {
      const { spec } = request.object;
      if (spec === undefined) return;
      // A mirror pod stays as the kubelet wrote it.
      if (isMirror(request.object)) {
        refuseFor(request, whyMirrorRefused(request.object));
        return;
      }
      spec.serviceAccountName ||= defaultAccount;
      spec.serviceAccount = spec.serviceAccountName;
      const account = await findAccount(objects, request, { name: spec.serviceAccountName, clock });
      if (mountTokens && wantsToken(spec, account)) mountToken(spec);
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    }),
  ],

  validate: [
    onWrite(['CREATE'], pods, async (request) => {
      const { spec } = request.object;
      if (spec === undefined || isMirror(request.object)) return;
      const account = await findAccount(objects, request, { name: spec.serviceAccountName ?? '', clock });
      if (limitsSecrets(account)) refuseFor(request, whySecretsRefused(spec, account));
    }),
    onWrite(
      ['UPDATE'],
      pods,
      async (request) => {
        const { spec } = request.object;
        if (!spec?.ephemeralContainers?.length) return;
        const account = await findAccount(objects, request, { name: spec.serviceAccountName ?? '', clock });
        if (limitsSecrets(account)) refuseFor(request, whyEphemeralContainersRefused(spec, account));
      },
      'ephemeralcontainers',
    ),
  ],
});

const isMirror = ({ metadata }: Pod): boolean => metadata?.annotations?.[mirrorAnnotation] !== undefined;

function refuseFor({ kind, name }: AdmissionRequest, why: string | undefined): void {
  if (why !== undefined) throw forbidden(kind, name, why);
}

/** A namespace that was made a moment ago gets its default account in the next. */
const looksForDefault = 10;
const longestPauseMs = 100;

async function findAccount(
  objects: ObjectReader,
  { kind, namespace = '', name: pod }: AdmissionRequest,
  { name, clock }: { readonly name: string; readonly clock: Clock },
): Promise<DeepReadonly<ServiceAccount>> {
  const looks = name === defaultAccount ? looksForDefault : 1;
  for (let look = 1; look <= looks; look += 1) {
    // What is no name is nobody's, and no key of the store.
    const account = name.includes('/') ? undefined : await objects.find(serviceAccounts, { namespace, name });
    if (account !== undefined) return account;
    if (look < looks) await clock.sleep(longestPauseMs * (look / looks));
  }
  const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  throw forbidden(kind, pod, why);
}

const wantsToken = (spec: PodSpec, account: DeepReadonly<ServiceAccount>): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

function mountToken(spec: PodSpec): void {
  const containers: Container[] = [...(spec.initContainers ?? []), ...spec.containers];
  const lacking = containers.filter(
    ({ volumeMounts = [] }) => !volumeMounts.some((mount) => mount.mountPath === mountPath),
  );
  if (lacking.length === 0) return;
  const known = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix))?.name;
  const name = known ?? volumeName;
  for (const container of lacking) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  }
  if (known !== undefined) return;
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources: tokenSources(), defaultMode: 0o644 } }];
}

const tokenSources = () => [
  { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
];
