/** Approves the requests of nodes for their own certificates; all others wait for a person. */

import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { bootstrapTokenIdOf } from '../../api/joining-tokens.ts';
import type { Stored } from '../../api/object.ts';
import { subjectAccessReviews } from '../../api/resources/authorization.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { nodes } from '../../api/resources/core.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { type CertificateRequestFacts, parseCertificateRequest } from '../../base/certificate-request.ts';
import { errorText } from '../../base/error-text.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { AddressOrder } from './address-order.ts';
import { type Recognition, recognizeClient, servingMessage, whyNotServing } from './approval-plan.ts';
import { claimBootstrapUse } from './bootstrap-uses.ts';
import { isDecided, isIssued, requestText, withCondition } from './request-state.ts';
import { kubeletServingSigner, nodeUserPrefix } from './signers.ts';
import { computeLifeMs } from './signing-controller.ts';

export interface ApprovalSettings {
  /**
   * Whether serving certificates of nodes approve themselves. Only where they are signed by an authority that nobody
   * trusts but for kubelets: a node whose name is a server's could else pass for that server.
   */
  readonly approvesServing: boolean;
  /** How long certificates are good at most. */
  readonly durationMs: number;
}

type CachedRequest = Cached<CertificateSigningRequest>;

export function createApprovingController(context: ControllerContext, settings: ApprovalSettings): Controller {
  const { client, logger, informers, clock, controller } = context;
  const requests = informers.of(certificateSigningRequests);
  const nodeInformer = informers.of(nodes);
  const order = new AddressOrder();
  void nodeInformer.synced().then(() => order.begin());

  async function reconcile(name: string) {
    const request = requests.get(name);
    if (request === undefined || isIssued(request) || isDecided(request)) return {};
    const facts = parse(request);
    const message = (await findReason(request, facts)) ?? (await whyServing(request, facts));
    if (message === undefined) return {};
    const why = await whyTokenIsRefused(request, facts);
    if (why === undefined) await approve(request, message);
    else await decide(request, { type: 'Denied', reason: 'BootstrapTokenRefused', message: why });
    return {};
  }

  /** Of a request that was made with a bootstrap token: takes a use of it. */
  async function whyTokenIsRefused({ metadata, spec }: CachedRequest, { commonName }: CertificateRequestFacts) {
    const tokenId = bootstrapTokenIdOf(spec.username ?? '');
    if (tokenId === undefined) return undefined;
    const nodeName = commonName.slice(nodeUserPrefix.length);
    const validForMs = computeLifeMs(spec.expirationSeconds, settings.durationMs);
    return await claimBootstrapUse({ client, clock, tokenId, requestUid: metadata.uid, nodeName, validForMs });
  }

  /** Why a node's client certificate is approved: the first recognition that its sender is allowed. */
  async function findReason(request: CachedRequest, facts: CertificateRequestFacts): Promise<string | undefined> {
    const recognized = recognizeClient(request, facts);
    for (const { subresource, message, ofNode } of recognized)
      if ((await mayCreate(request, subresource)) && (await isStillThere(ofNode))) return message;
    if (recognized.length > 0) {
      const tried = recognized.map(({ subresource }) => subresource).join(' ');
      logger.info('A request was recognized, but its sender may not ask for that, or its node has gone', {
        request: request.metadata.name,
        tried,
      });
    }
    return undefined;
  }

  /** A node gets certificates while it is one of the cluster. Asked of the store: it may have come a moment ago. */
  async function isStillThere(name: string | undefined): Promise<boolean> {
    if (name === undefined) return true;
    const node = name === '' ? undefined : await ifPresent(client.get(nodes, { name }));
    return node !== undefined && isStaying(node);
  }

  async function mayCreate({ spec }: CachedRequest, subresource: Recognition['subresource']): Promise<boolean> {
    const { status } = await client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        ...(spec.username !== undefined && { user: spec.username }),
        ...(spec.uid !== undefined && { uid: spec.uid }),
        groups: [...(spec.groups ?? [])],
        extra: Object.fromEntries(Object.entries(spec.extra ?? {}).map(([key, values]) => [key, [...values]])),
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          version: '*',
          subresource,
        },
      },
    });
    return status?.allowed === true;
  }

  async function whyServing(request: CachedRequest, facts: CertificateRequestFacts): Promise<string | undefined> {
    if (!settings.approvesServing || request.spec.signerName !== kubeletServingSigner) return undefined;
    const why = whyNotServing({
      request,
      facts,
      nodeNamed: (name) => nodeInformer.get(name),
      isAnothers: (address, node) => order.isAnothers(address, node),
    });
    if (why === undefined) return servingMessage;
    logger.info('A serving certificate waits for a person to approve it', { request: request.metadata.name, why });
    return undefined;
  }

  const approve = (request: CachedRequest, message: string) =>
    decide(request, { type: 'Approved', reason: 'AutoApproved', message });

  /** Only what was read is decided. */
  async function decide(request: CachedRequest, condition: Parameters<typeof withCondition>[1]): Promise<void> {
    const { name, resourceVersion, uid } = request.metadata;
    const conditions = withCondition(request, condition);
    const body = { metadata: { resourceVersion, uid }, status: { conditions } };
    const patch = { type: 'merge', body } as const;
    await ifPresent(client.patch(certificateSigningRequests, { name }, patch, { subresource: 'approval' }));
  }

  /** Serving certificates wait for addresses, also for others to drop them; a node's own requests wait for its Node. */
  function* waitingOf(node: string): Iterable<string> {
    for (const request of requests.list()) {
      const { signerName, username } = request.spec;
      const isWaiting = signerName === kubeletServingSigner || username === nodeUserPrefix + node;
      if (isWaiting && !isDecided(request)) yield request.metadata.name;
    }
  }

  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(requests, keyOfChange)
    .watch(nodeInformer, (change) => {
      const { name } = (change.next ?? change.previous).metadata;
      order.saw(name, change.next);
      return change.type === 'updated' && hasSameAddresses(change.previous, change.next) ? [] : waitingOf(name);
    });
}

/** Neither told to go, nor gone by its own word. */
const isStaying = ({ metadata: { annotations = {} } }: Stored<Node>): boolean =>
  annotations[removedAnnotation] === undefined && annotations[leftAnnotation] === undefined;

type Addressed = { readonly status?: { readonly addresses?: readonly { readonly address: string }[] } };

function hasSameAddresses(one: Addressed, other: Addressed): boolean {
  const textOf = ({ status }: Addressed) => (status?.addresses ?? []).map(({ address }) => address).join(' ');
  return textOf(one) === textOf(other);
}

function parse(request: CachedRequest): CertificateRequestFacts {
  try {
    return parseCertificateRequest(requestText(request));
  } catch (cause) {
    throw new TerminalError(`unable to parse csr: ${errorText(cause)}`, { cause });
  }
}
