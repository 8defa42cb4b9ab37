/** `<workload>/scale`: how many replicas, without having to know the kind. Read and written as autoscaling/v1 Scale. */

import type { Scale } from 'kubernetes-types/autoscaling/v1';
import type { LabelSelector } from 'kubernetes-types/meta/v1';
import { FieldErrors, FieldPath, invalidObject } from '../../../api/field-errors.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { notFound } from '../../../api/status-error.ts';
import type { ApiRequest } from '../../server/api-request.ts';
import { readBody } from '../body.ts';
import type { ExpectedType } from '../decode-object.ts';
import { parseResourceVersion } from '../list-options.ts';
import { negotiate } from '../negotiation.ts';
import { sendValue } from '../object-answers.ts';
import { patchTypeOf, readPatch } from '../patch.ts';
import { waitUntilFresh } from '../read.ts';
import type { SpecialHandler } from '../resource-handler.ts';
import type { Target } from '../target.ts';
import { checkName, decodeOptions, placeInNamespace, readObject, writeRequest } from '../write.ts';
import { parseWriteOptions, type WriteOptions } from '../write-options.ts';

const scaleType: ExpectedType = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  definition: 'io.k8s.api.autoscaling.v1.Scale',
};

/** What all scalable kinds have in common. */
type Scalable = KubernetesObject & {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
};

export function createScaleHandler(): SpecialHandler {
  return async (request, target) => {
    switch (request.method) {
      case 'GET':
        return await getScale(request, target);
      case 'PUT':
        return await putScale(request, target);
      default:
        return await patchScale(request, target);
    }
  };
}

async function getScale(request: ApiRequest, target: Target): Promise<void> {
  const { registry, kind, namespace, name } = target;
  await waitUntilFresh(registry.cache, parseResourceVersion(request.query.get('resourceVersion') ?? ''));
  const item = registry.cache.get(registry.storeKey({ namespace, name }));
  if (item === undefined) throw notFound(kind, name);
  await answer(request, item.object as Stored<Scalable>);
}

async function putScale(request: ApiRequest, target: Target): Promise<void> {
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const scale = (await readObject(request, scaleType, options)) as Scale;
  checkName(scale, target);
  placeInNamespace(scale, target);
  await update(request, target, options, () => scale, scale.metadata?.uid);
}

async function patchScale(request: ApiRequest, target: Target): Promise<void> {
  const type = patchTypeOf(request.header('content-type'));
  const options = parseWriteOptions(request.query, 'PatchOptions');
  const bytes = await readBody(request);
  if (type === 'apply') throw notFound(target.kind, 'apply');
  const patch = readPatch(type, bytes, scaleType, decodeOptions(request, options));
  await update(request, target, options, (previous) => patch(scaleOf(previous)) as Scale);
}

async function update(
  request: ApiRequest,
  target: Target,
  options: WriteOptions,
  change: (previous: Stored<Scalable>) => Scale,
  expectedUid?: string,
): Promise<void> {
  const { object } = await target.registry.update(
    target,
    { ...writeRequest(request, target, options), expectedUid },
    (current) => {
      const previous = current as Stored<Scalable>;
      const scale = change(previous);
      checkScale(scale, target.name);
      return withScale(previous, scale);
    },
  );
  await answer(request, object as Stored<Scalable>);
}

function checkScale(scale: Scale, name: string): void {
  const errors = new FieldErrors();
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) errors.invalid(FieldPath.of('spec', 'replicas'), replicas, 'must be greater than or equal to 0');
  if (!errors.empty) throw invalidObject(scaleType, name, errors.list);
}

/** Only replicas are taken over, and the version that the client saw. */
function withScale(previous: Stored<Scalable>, scale: Scale): KubernetesObject {
  const { resourceVersion } = scale.metadata ?? {};
  return {
    ...previous,
    metadata: { ...previous.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { ...previous.spec, replicas: scale.spec?.replicas ?? 0 },
  } as KubernetesObject;
}

function scaleOf({ metadata, spec, status }: Stored<Scalable>): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = selectorText(spec?.selector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: spec?.replicas ? { replicas: spec.replicas } : {},
    status: { replicas: status?.replicas ?? 0, ...(selector !== '' && { selector }) },
  };
}

/** The selector in its text form, requirements in the order of their keys. */
function selectorText(selector: LabelSelector | Record<string, string> | undefined): string {
  if (selector === undefined) return '';
  if (!isLabelSelector(selector)) return sortedPairs(selector).join(',');
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort().join(',')})`;
    switch (operator) {
      case 'In':
        return { key, text: `${key} in ${list}` };
      case 'NotIn':
        return { key, text: `${key} notin ${list}` };
      case 'Exists':
        return { key, text: key };
      default:
        return { key, text: `!${key}` };
    }
  });
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  return [...labels, ...expressions]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}

const isLabelSelector = (selector: object): selector is LabelSelector =>
  'matchLabels' in selector || 'matchExpressions' in selector || Object.keys(selector).length === 0;

const sortedPairs = (labels: Record<string, string>): string[] =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();

async function answer(request: ApiRequest, object: Stored<Scalable>): Promise<void> {
  await sendValue(request, 200, scaleOf(object), negotiate(request.header('accept'), ['object']));
}
