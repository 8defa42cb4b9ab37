/**
 * `pods/<name>/retry`: what of a pod waits for its next try is tried now. Its kubelet does it and says what that is; a
 * part of its own, so that roles can let somebody do that and nothing else to a pod.
 */

import type { PodRetry } from '../../../api/pod-retry.ts';
import { pods } from '../../../api/resources/core.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import type { AdmissionChain } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { admitCreation } from '../admit-creation.ts';
import type { ServerOf } from '../resource-server.ts';
import { forward } from '../streaming/forward.ts';
import type { Kubelets } from '../streaming/kubelets.ts';

interface RetryParts {
  readonly objects: ObjectReader;
  readonly admission: AdmissionChain;
  readonly kubelets: Kubelets;
}

export const createRetryServer = ({ objects, admission, kubelets }: RetryParts): ServerOf<'podRetry'> => ({
  async create(request, target) {
    const { dryRun } = parseWriteOptions(request.query, 'CreateOptions');
    if (dryRun) throw badRequest('a retry cannot be a dry run');
    const { namespace = '', name } = target;
    const pod = await objects.find(pods, { namespace, name });
    if (pod === undefined) throw notFound(pods, name);
    const { uid } = pod.metadata;
    const metadata = { namespace, name, uid };
    const object: PodRetry = { apiVersion: 'longshore.dev/v1', kind: 'PodRetry', metadata, retried: [] };
    await admitCreation(admission, request, { target, subresource: 'retry', object, dryRun });
    const nodeName = pod.spec?.nodeName;
    if (!nodeName) throw badRequest(`pod ${name} is on no node yet: nothing of it is tried`);
    const { host, port } = await kubelets.addressOf(nodeName);
    const path = `/retry/${namespace}/${name}/${uid}`;
    await forward(request, { secure: true, host, port, path, agent: kubelets.agent, body: Buffer.alloc(0) });
  },
});
