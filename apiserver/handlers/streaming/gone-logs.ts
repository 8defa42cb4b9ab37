/**
 * Logs of pods that are gone, as far as kubelets have kept them: an addition to `pods/NAME/log`, by `gone=true`, so that
 * who may read the logs of a pod may read them afterwards, and nobody else. Of the pod `*` it tells which
 * there are in the namespace: no pod is called so, and no role that names pods allows it. Pods of an earlier namespace of
 * that name are nobody's: who may read in the present one may be somebody else.
 */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { isNodeReady } from '../../../api/nodes.ts';
import { namespaces, nodes, pods } from '../../../api/resources/core.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import { parseTime } from '../../../api/time.ts';
import type { Node } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import { Limiter } from '../../../base/limiter.ts';
import { compileRequirements, parseLabelSelector } from '../../../kinds/validation/label-requirements.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { sendBytes } from '../../responses/responses.ts';
import type { Kubelets } from './kubelets.ts';
import { readFromKubelet } from './read-from-kubelet.ts';

export interface GoneLogParts {
  readonly objects: ObjectReader;
  readonly kubelets: Kubelets;
}

/** In place of a pod's name: all of the namespace. */
export const anyPod = '*';

/** So many kubelets are asked at once, for all who ask. */
const atOnce = 8;
const answer = { timeoutMs: 3_000, maxBytes: 4 << 20 };

export interface GoneLogs {
  /** Answers with what there is: `{"items": […], "unreachable": [NODE…]}`. */
  list(request: ApiRequest, target: Target): Promise<void>;
  /** Where a log is. Throws BadRequest when the request does not say. */
  placeOf(request: ApiRequest, target: Target): Promise<{ readonly nodeName: string; readonly path: string }>;
}

export function createGoneLogs({ objects, kubelets }: GoneLogParts): GoneLogs {
  const turns = new Limiter(atOnce);

  /** When the namespace was made that has the name now. */
  async function beginOf(namespace: string): Promise<number> {
    const found = await objects.find(namespaces, { name: namespace });
    if (found === undefined) throw notFound(namespaces, namespace);
    return parseTime(found.metadata.creationTimestamp) ?? 0;
  }

  /** Those of the namespace that were made after `begin`. */
  async function podsOn(
    { metadata }: Found<Node>,
    { namespace, begin }: { readonly namespace: string; readonly begin: number },
    signal: AbortSignal,
  ): Promise<JsonRecord[]> {
    const nodeName = metadata.name;
    const path = `/goneLogs/${encodeURIComponent(namespace)}`;
    const text = await turns.run(() => readFromKubelet(kubelets, { nodeName, path, ...answer }), signal);
    const value: unknown = JSON.parse(text);
    const items: unknown = isRecord(value) ? value.items : undefined;
    if (!Array.isArray(items)) return [];
    return items
      .filter((item): item is JsonRecord => isRecord(item) && item.namespace === namespace)
      .filter(({ madeAt }) => typeof madeAt === 'number' && madeAt >= begin)
      .map((item) => ({ ...item, nodeName }));
  }

  return {
    async list(request, { namespace = '' }) {
      const isWanted = compileRequirements(parseLabelSelector(request.query.get('labelSelector') ?? ''));
      const unreachable: string[] = [];
      const present = { namespace, begin: await beginOf(namespace) };
      const found = await Promise.all(
        (await objects.all(nodes)).map(async (node) => {
          try {
            // One that is silent anyway would only be waited for.
            if (isNodeReady(node)) return await podsOn(node, present, request.signal);
          } catch {
            // told below
          }
          unreachable.push(node.metadata.name);
          return [];
        }),
      );
      const items = found.flat().filter(({ labels }) => isWanted(labelsOf(labels)));
      const body = { items, unreachable: unreachable.sort(compareText) };
      await sendBytes(request, 200, JSON.stringify(body));
    },

    async placeOf({ query, signal }, { namespace = '', name }) {
      const [nodeName = '', uid = '', container = ''] = ['node', 'uid', 'container'].map(
        (word) => query.get(word) ?? '',
      );
      if ([nodeName, uid, container].includes(''))
        throw badRequest('the log of a pod that is gone is found by node, uid and container');
      const node = await objects.find(nodes, { name: nodeName });
      if (node === undefined) throw notFound(nodes, nodeName);
      const there = await podsOn(node, { namespace, begin: await beginOf(namespace) }, signal);
      if (!there.some((pod) => pod.name === name && pod.uid === uid)) throw notFound(pods, name);
      return { nodeName, path: `/goneLogs/${[namespace, name, uid, container].map(encodeURIComponent).join('/')}` };
    },
  };
}

const labelsOf = (value: unknown): Record<string, string> =>
  isRecord(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
      )
    : {};
