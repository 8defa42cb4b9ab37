/** `<workload>/scale`: how many replicas, without having to know the kind. Read and written as autoscaling/v1 Scale. */

import type { Stored } from '../../../api/object.ts';
import { apiVersionOf, resource } from '../../../api/resource.ts';
import { badRequest, conflict, notFound, StatusError } from '../../../api/status-error.ts';
import type { Scale } from '../../../api/types/autoscaling/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { ageColumn, numberColumn, textColumn } from '../../../kinds/columns.ts';
import { defineKind } from '../../../kinds/define-kind.ts';
import type { Column, ScalePaths } from '../../../kinds/kind.ts';
import { objectManagedFields, scaleManagedFields } from '../../../machinery/apply/scale-managed-fields.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { readApply, trackUpdates } from '../../decoding/field-ownership.ts';
import { patchTypeOf, readPatch } from '../../decoding/patch.ts';
import type { AdmittedForm } from '../../registry/admission.ts';
import type { Registries } from '../../registry/registries.ts';
import { type StoredTarget, storedTarget } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { readSmallBody } from '../../request/body.ts';
import { parseResourceVersion } from '../../request/list-options.ts';
import { parseWriteOptions, type WriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { parseIncludeObject, toMetadataOnly, toTable } from '../../responses/tables.ts';
import { waitUntilFresh } from '../read.ts';
import type { Serve, ServerOf } from '../resource-server.ts';
import { checkName, decodeOptions, managerOf, placeInNamespace, readObject, writeRequest } from '../write.ts';
import { hasReplicas, replicasPlace, type Scalable, scaleParts, withReplicas } from './scale-parts.ts';

/** Not served by itself, but decoded, patched and applied like any kind. */
const scales = defineKind(resource<Scale>({ group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales' }));

export function createScaleServer(registries: Registries): ServerOf<'scale'> {
  const stored =
    (serve: (request: ApiRequest, target: StoredTarget) => Promise<void>): Serve =>
    (request, target) =>
      serve(request, storedTarget(registries, target));
  return { get: stored(getScale), update: stored(putScale), patch: stored(patchScale) };
}

async function getScale(request: ApiRequest, target: StoredTarget): Promise<void> {
  const { registry, kind, namespace, name } = target;
  await waitUntilFresh(registry.cache, parseResourceVersion(request.query.get('resourceVersion') ?? ''));
  const item = registry.cache.get(registry.storeKey({ namespace, name }));
  if (item === undefined) throw notFound(kind, name);
  const { scale: paths } = kind;
  if (paths !== undefined && !hasReplicas(item.object, paths)) throw withoutReplicas(paths);
  await answer(request, item.object, paths);
}

/** Where upstream answers with an internal error. */
const withoutReplicas = ({ specReplicas }: ScalePaths): StatusError =>
  new StatusError(404, 'NotFound', `the spec replicas field ".${specReplicas.join('.')}" does not exist`, {});

/** In the Scale that is patched: there are none yet, and the patch has to say how many. */
const unsetReplicas = -(2 ** 31);

const emptyReplicas = ({ specReplicas }: ScalePaths): StatusError =>
  badRequest(`the spec replicas field ".${specReplicas.join('.')}" cannot be empty`);

/** The Scale after the request, with the owners of its replicas. */
type Change = (scale: Stored<Scale>) => Scale;

async function putScale(request: ApiRequest, target: StoredTarget): Promise<void> {
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const scale = await readObject(request, scales, options);
  checkName(scale, target);
  placeInNamespace(scale, target);
  await update(
    request,
    target,
    options,
    tracked(request, options, () => scale),
  );
}

async function patchScale(request: ApiRequest, target: StoredTarget): Promise<void> {
  const type = patchTypeOf(request.header('content-type'));
  const options = parseWriteOptions(request.query, 'PatchOptions', type === 'apply');
  const bytes = await readSmallBody(request);
  if (type === 'apply') {
    const { fieldManager: manager, force, fieldValidation } = options;
    const warn = (text: string) => request.warn(text);
    const change = readApply(bytes, {
      ...{ kind: scales, manager, force, fieldValidation, subresource, warn },
      now: request.clock.now(),
    });
    await update(request, target, options, (scale) => change(scale));
  } else {
    const patch = readPatch(type, bytes, scales, decodeOptions(request, options));
    await update(
      request,
      target,
      options,
      tracked(request, options, (scale) => patch(scale)),
    );
  }
}

const subresource = 'scale';

/** Who changes the replicas owns them from then on. */
function tracked(request: ApiRequest, options: WriteOptions, change: Change): Change {
  const track = trackUpdates({
    ...{ kind: scales, manager: managerOf(request, options), subresource },
    now: request.clock.now(),
  });
  return (scale) => {
    const next = structuredClone(change(scale));
    track(next, scale);
    return next;
  };
}

async function update(request: ApiRequest, target: StoredTarget, options: WriteOptions, change: Change): Promise<void> {
  const { scale: paths } = target.kind;
  const { object } = await target.registry.update(
    target,
    // The Scale keeps the owners: the object's are made from its own.
    { ...writeRequest(request, target, options), trackFields: undefined, form: scaleForm(paths) },
    (current) => {
      const previous = current as Stored<Scalable>;
      const scale = change(scaleWithOwners(previous, paths));
      checkName(scale, target);
      checkUid(scale, previous, target);
      checkScale(scale, target);
      return withScale(previous, scale, target.kind);
    },
  );
  await answer(request, object, paths);
}

/** Webhooks and policies judge the Scale. */
const scaleForm = (paths: ScalePaths | undefined): AdmittedForm => ({
  type: scales,
  show: (object) => scaleOf(object, paths),
  take(scale: Scale, object: Scalable) {
    Object.assign(object, withReplicas(object, scale.spec?.replicas ?? 0, paths));
  },
});

function scaleWithOwners(object: Stored<Scalable>, paths: ScalePaths | undefined): Stored<Scale> {
  const scale = scaleOf(object, paths);
  if (paths !== undefined && !hasReplicas(object, paths)) scale.spec = { replicas: unsetReplicas };
  const managedFields = scaleManagedFields(object.metadata.managedFields, replicasPlace(paths));
  return { ...scale, metadata: { ...scale.metadata, ...(managedFields.length > 0 && { managedFields }) } };
}

function checkUid(scale: Scale, { metadata: { uid } }: Stored<Scalable>, { kind, name }: StoredTarget): void {
  const sent = scale.metadata?.uid ?? '';
  if (sent === '' || sent === uid) return;
  throw conflict(
    { group: kind.group, plural: `${kind.plural}/${subresource}` },
    name,
    `Precondition failed: UID in precondition: ${sent}, UID in object meta: ${uid}`,
  );
}

function checkScale(scale: Scale, { kind: { scale: paths }, name }: StoredTarget): void {
  const replicas = scale.spec?.replicas ?? 0;
  if (paths !== undefined) {
    if (replicas === unsetReplicas) throw emptyReplicas(paths);
    // Its definition says where they are: the object's own validation names the place.
    return;
  }
  const errors = new FieldErrors();
  if (replicas < 0) errors.invalid(FieldPath.of('spec', 'replicas'), replicas, 'must be greater than or equal to 0');
  if (!errors.empty) throw invalidObject(scales, name, errors.list);
}

/** Only replicas are taken over, their owners, and the version that the client saw. */
function withScale(previous: Stored<Scalable>, scale: Scale, kind: StoredTarget['kind']): Scalable {
  const { resourceVersion, managedFields: owners } = scale.metadata ?? {};
  const { managedFields: before, ...metadata } = previous.metadata;
  const scaled = { apiVersion: apiVersionOf(kind), managedFields: before, place: replicasPlace(kind.scale) };
  const managedFields = objectManagedFields(scaled, owners);
  return {
    ...withReplicas(previous, scale.spec?.replicas ?? 0, kind.scale),
    metadata: {
      ...metadata,
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(managedFields.length > 0 && { managedFields }),
    },
  };
}

function scaleOf(object: DeepReadonly<Stored<Scalable>>, paths: ScalePaths | undefined): Stored<Scale> {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { replicas, statusReplicas, selector } = scaleParts(object, paths);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: { replicas: statusReplicas, ...(selector !== '' && { selector }) },
  };
}

/** What `kubectl get --subresource=scale` shows. */
const scaleColumns: readonly Column<Scale>[] = [
  textColumn('Name', 'What is scaled.', ({ metadata }) => metadata.name),
  numberColumn('Desired', 'How many replicas are wanted.', ({ spec }) => spec?.replicas ?? 0),
  numberColumn('Available', 'How many there are.', ({ status }) => status?.replicas ?? 0),
  ageColumn,
];

async function answer(
  request: ApiRequest,
  object: DeepReadonly<Stored<Scalable>>,
  paths: ScalePaths | undefined,
): Promise<void> {
  const output = negotiate(request.header('accept'));
  const scale = scaleOf(object, paths);
  const { apiVersion } = output;
  switch (output.form) {
    case 'object':
      return await sendValue(request, 200, scale, output);
    case 'metadata':
      return await sendValue(request, 200, toMetadataOnly(scale, apiVersion), output);
    case 'table': {
      const include = parseIncludeObject(request.query);
      const metadata = { resourceVersion: scale.metadata.resourceVersion };
      const table = toTable({ columns: scaleColumns }, [scale], {
        apiVersion,
        include,
        metadata,
        now: request.clock.now(),
      });
      return await sendValue(request, 200, table, output);
    }
  }
}
