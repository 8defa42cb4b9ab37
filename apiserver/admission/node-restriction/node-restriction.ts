/**
 * What a kubelet may write, once the Node authorizer has let it through: its own Node, Lease, CSINode and resource slices,
 * mirror pods of its own, the status of its pods and of their claims, tokens and evictions of its pods, and requests for
 * certificates in its own name. Everybody else is not looked at. Rules and sentences are those of upstream's plugin.
 */

import type { KubernetesObject } from '../../../api/object.ts';
import { referredResourceOf } from '../../../api/referred-resource.ts';
import { certificateSigningRequests } from '../../../api/resources/certificates.ts';
import { leases } from '../../../api/resources/coordination.ts';
import { nodes, persistentVolumeClaims, pods, serviceAccounts } from '../../../api/resources/core.ts';
import { resourceSlices } from '../../../api/resources/resource.ts';
import { csiNodes } from '../../../api/resources/storage.ts';
import { forbidden, notFound } from '../../../api/status-error.ts';
import type { TokenRequest } from '../../../api/types/authentication/v1.ts';
import type { CertificateSigningRequest } from '../../../api/types/certificates/v1.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import type { ResourceSlice } from '../../../api/types/resource/v1.ts';
import { readCertificateRequest } from '../../../base/certificate-request.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Action, Verdict } from '../../authorization/authorizer.ts';
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  onAnyWrite,
  onDelete,
  type WriteOf,
} from '../../registry/admission.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';
import { nodeNameOf } from '../../request/node-user.ts';
import { whyNoMirrorPod } from './mirror-pods.ts';
import { whyNotCreateNode, whyNotUpdateClaimStatus, whyNotUpdateNode, whyNotUpdatePodStatus } from './own-objects.ts';
import { wantsAudience } from './token-audiences.ts';

type Decide = (action: Action) => Promise<Verdict>;
/** Why the node may not; undefined: it may. */
type Refusal = string | undefined;

const leaseNamespace = 'kube-node-lease';
/** Those of certificates for kubelets. */
const kubeletSigners: readonly string[] = [
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
];

export function createNodeRestriction(objects: ObjectReader, decide: Decide): AdmissionPlugin {
  return {
    name: 'NodeRestriction',

    admit: [
      onAnyWrite<Pod>(
        pods,
        ofNodes((node, request) => judgePod(objects, node, request)),
      ),
      onAnyWrite<Node>(nodes, ofNodes(judgeNode)),
      onAnyWrite<PersistentVolumeClaim>(persistentVolumeClaims, ofNodes(judgeClaim)),
      onAnyWrite<TokenRequest>(
        serviceAccounts,
        ofNodes((node, request) => judgeToken({ objects, decide }, node, request)),
      ),
      onAnyWrite<KubernetesObject>(leases, ofNodes(judgeLease)),
      onAnyWrite<KubernetesObject>(csiNodes, ofNodes(judgeCsiNode)),
      onAnyWrite<ResourceSlice>(resourceSlices, ofNodes(judgeSlice)),
      onAnyWrite<CertificateSigningRequest>(certificateSigningRequests, ofNodes(judgeSigningRequest)),
    ],

    validate: [
      onDelete(
        pods,
        ofNodes((node, { previous }) =>
          previous.spec?.nodeName === node
            ? undefined
            : `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`,
        ),
      ),
      onDelete(nodes, ofNodes(judgeNodeName)),
      onDelete(
        persistentVolumeClaims,
        ofNodes(() => 'may only update PVC status'),
      ),
      onDelete(leases, ofNodes(judgeLease)),
      onDelete(csiNodes, ofNodes(judgeCsiNode)),
      onDelete(
        resourceSlices,
        ofNodes((node, { previous }) =>
          previous.spec?.nodeName === node
            ? undefined
            : 'can only delete ResourceSlice with the same NodeName as the requesting node',
        ),
      ),
    ],
  };
}

/** Asks `judge` about requests of nodes, and refuses in its words. */
function ofNodes<R extends AdmissionRequest>(judge: (node: string, request: R) => Refusal | Promise<Refusal>) {
  return async (request: R): Promise<void> => {
    const node = nodeNameOf(request.user);
    if (node === undefined) return;
    const why =
      node === ''
        ? `could not determine node from user ${JSON.stringify(request.user.name)}`
        : await judge(node, request);
    if (why !== undefined) throw forbidden(request.kind, givenName(request), why);
  };
}

/** A name that the server has only just made up is not what was asked for. */
function givenName({ operation, subresource, name, object }: AdmissionRequest): string {
  const base = object?.metadata?.generateName;
  return operation === 'CREATE' && subresource === undefined && base && name.startsWith(base) ? base : name;
}

async function judgePod(objects: ObjectReader, node: string, request: WriteOf<Pod>): Promise<Refusal> {
  const { operation, subresource, object, previous } = request;
  switch (subresource) {
    case undefined:
      if (operation === 'CREATE') return await judgeMirrorPod(objects, node, object);
      return `unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(node)} can only create and delete mirror pods`;
    case 'status':
      return previous && whyNotUpdatePodStatus(node, object, previous);
    case 'eviction': {
      const pod = await existingPod(objects, request.namespace, request.name);
      return pod.spec?.nodeName === node
        ? undefined
        : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  }
}

async function judgeMirrorPod(objects: ObjectReader, node: string, pod: Pod): Promise<Refusal> {
  const why = whyNoMirrorPod(node, pod);
  if (why !== undefined) return why;
  const found = await objects.find(nodes, { name: node });
  if (found === undefined) throw notFound({ group: '', plural: 'node' }, node);
  const owner = pod.metadata?.ownerReferences?.[0]?.uid;
  if (owner !== found.metadata.uid) {
    return `node ${node} UID mismatch: expected ${owner} got ${found.metadata.uid}`;
  }
  const reference = referredResourceOf(pod);
  return reference && `node ${JSON.stringify(node)} can not create pods that reference ${reference}`;
}

async function existingPod(objects: ObjectReader, namespace: string | undefined, name: string): Promise<Found<Pod>> {
  const pod = await objects.find(pods, { namespace, name });
  // Upstream's word.
  if (pod === undefined) throw notFound({ group: '', plural: 'pod' }, name);
  return pod;
}

function judgeNodeName(node: string, { name }: AdmissionRequest): Refusal {
  return name === node
    ? undefined
    : `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`;
}

function judgeNode(node: string, request: WriteOf<Node>): Refusal {
  const { operation, object, previous } = request;
  const why = judgeNodeName(node, request);
  if (why !== undefined) return why;
  if (operation === 'CREATE') return whyNotCreateNode(node, object);
  return previous && whyNotUpdateNode(node, object, previous);
}

function judgeClaim(node: string, request: WriteOf<PersistentVolumeClaim>): Refusal {
  const { operation, subresource, object, previous } = request;
  if (subresource !== 'status') return 'may only update PVC status';
  if (operation !== 'UPDATE' || previous === undefined) return `unexpected operation ${JSON.stringify(operation)}`;
  return whyNotUpdateClaimStatus(node, object, previous);
}

interface TokenJudge {
  readonly objects: ObjectReader;
  readonly decide: Decide;
}

async function judgeToken(
  { objects, decide }: TokenJudge,
  node: string,
  request: WriteOf<TokenRequest>,
): Promise<Refusal> {
  const { operation, subresource, namespace, object } = request;
  if (operation !== 'CREATE' || subresource !== 'token') return undefined;
  const { boundObjectRef: bound, audiences = [] } = object.spec ?? {};
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name)
    return 'node requested token not bound to a pod';
  if (!bound.uid) return 'node requested token with a pod binding without a uid';
  const pod = await existingPod(objects, namespace, bound.name);
  if (pod.metadata.uid !== bound.uid) {
    return `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  }
  if (pod.spec?.nodeName !== node) return 'node requested token bound to a pod scheduled on a different node';
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  const [audience = ''] = audiences;
  if (await wantsAudience(objects, pod, audience)) return undefined;
  return (await mayRequestAudience(decide, request, audience))
    ? undefined
    : `audience ${JSON.stringify(audience)} not found in pod spec volume, ${request.user.name} is not authorized to request tokens for this audience`;
}

/** Roles may let nodes have tokens for others: the audience stands where the resource does. */
async function mayRequestAudience(
  decide: Decide,
  { user, namespace, name }: AdmissionRequest,
  audience: string,
): Promise<boolean> {
  const resource = { group: '', version: 'v1', plural: audience, subresource: undefined, namespace, name };
  const { decision } = await decide({ user, verb: 'request-serviceaccounts-token-audience', path: '', resource });
  return decision === 'allow';
}

function judgeLease(node: string, { namespace, name }: AdmissionRequest): Refusal {
  if (namespace !== leaseNamespace) {
    return `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`;
  }
  return name === node ? undefined : 'can only access node lease with the same name as the requesting node';
}

function judgeCsiNode(node: string, { name }: AdmissionRequest): Refusal {
  return name === node ? undefined : 'can only access CSINode with the same name as the requesting node';
}

/** Which slices a node may change, the authorizer knows. */
function judgeSlice(node: string, { operation, object }: WriteOf<ResourceSlice>): Refusal {
  // Before it is validated anything may be missing.
  return operation !== 'CREATE' || object.spec?.nodeName === node
    ? undefined
    : 'can only create ResourceSlice with the same NodeName as the requesting node';
}

function judgeSigningRequest(node: string, request: WriteOf<CertificateSigningRequest>): Refusal {
  const { operation, object } = request;
  if (operation !== 'CREATE' || !kubeletSigners.includes(object.spec?.signerName ?? '')) return undefined;
  try {
    const pem = Buffer.from(object.spec.request, 'base64').toString();
    const { commonName, commonNameCount } = readCertificateRequest(pem);
    return commonName === `system:node:${node}` && commonNameCount === 1
      ? undefined
      : `can only create a node CSR with CN=system:node:${node}`;
  } catch (error) {
    return `unable to parse csr: ${errorText(error)}`;
  }
}
