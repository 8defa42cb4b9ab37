/** The kind CSIDriver. */

import { equalJson } from '../../api/json-record.ts';
import { csiDrivers } from '../../api/resources/storage.ts';
import type { CSIDriver, CSIDriverSpec } from '../../api/types/storage/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { ageColumn, booleanColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateDriverName } from '../validation/driver-name.ts';
import { validateImmutable } from '../validation/immutable.ts';

const specDefinition = 'io.k8s.api.storage.v1.CSIDriverSpec';

export const csiDriverKind = defineKind(csiDrivers, {
  columns: [
    nameColumn,
    booleanColumn(
      'AttachRequired',
      'Whether its volumes must be attached to a node.',
      ({ spec }) => spec.attachRequired ?? true,
    ),
    booleanColumn('PodInfoOnMount', 'Whether it is told about the pod.', ({ spec }) => spec.podInfoOnMount ?? false),
    booleanColumn('StorageCapacity', 'Whether it reports capacity.', ({ spec }) => spec.storageCapacity ?? false),
    textColumn(
      'TokenRequests',
      'Audiences of the tokens that it is given.',
      ({ spec }) => (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    ),
    booleanColumn(
      'RequiresRepublish',
      'Whether it is called again for mounted volumes.',
      ({ spec }) => spec.requiresRepublish ?? false,
    ),
    textColumn(
      'Modes',
      'Kinds of volumes that it offers.',
      ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    allowUnconditionalUpdate: false,
    setDefaults(object) {
      object.spec ??= {};
      const { spec } = object;
      spec.attachRequired ??= true;
      spec.podInfoOnMount ??= false;
      spec.storageCapacity ??= false;
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
      if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
      spec.requiresRepublish ??= false;
      spec.seLinuxMount ??= false;
    },
    prepareForUpdate(next, previous) {
      // The kind never had a generation at creation: changes of the spec count from 0.
      if (next.metadata && !isSemanticallyEqual(specDefinition, next.spec, previous.spec)) {
        Object.assign(next.metadata, { generation: (previous.metadata.generation ?? 0) + 1 });
      }
    },
    validate: validateDriver,
    validateUpdate(next, previous, errors) {
      for (const field of ['attachRequired', 'volumeLifecycleModes'] as const) {
        validateImmutable(next.spec[field], previous.spec[field], FieldPath.of('spec', field), errors);
      }
    },
    warnings({ spec }, previous) {
      if (previous && equalJson(previous.spec.tokenRequests, spec.tokenRequests)) return [];
      return spec.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined ? [tokenWarning] : [];
    },
  },
});

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const modes = ['Persistent', 'Ephemeral'];
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const minUpdatePeriodSeconds = 10;
const tokenWarning =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

function validateDriver(object: CSIDriver, errors: FieldErrors): void {
  validateDriverName(object.metadata?.name ?? '', FieldPath.of('metadata', 'name'), errors);
  const spec: CSIDriverSpec = object.spec;
  const path = FieldPath.of('spec');
  if (spec.fsGroupPolicy !== undefined && !groupPolicies.includes(spec.fsGroupPolicy)) {
    errors.notSupported(path.child('fsGroupPolicy'), spec.fsGroupPolicy, groupPolicies);
  }
  validateTokenRequests(spec, path, errors);
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) errors.notSupported(path.child('volumeLifecycleModes'), mode, modes);
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < minUpdatePeriodSeconds) {
    errors.invalid(
      path.child('nodeAllocatableUpdatePeriodSeconds'),
      period,
      `must be greater than or equal to ${minUpdatePeriodSeconds} seconds`,
    );
  }
}

function validateTokenRequests(spec: CSIDriverSpec, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, { audience = '', expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = path.child('tokenRequests').index(i);
    if (seen.has(audience)) {
      errors.duplicate(at.child('audience'), audience);
      continue;
    }
    seen.add(audience);
    if (expirationSeconds === undefined) continue;
    if (expirationSeconds < minTokenSeconds)
      errors.invalid(
        at.child('expirationSeconds'),
        expirationSeconds,
        'may not specify a duration less than 10 minutes',
      );
    else if (expirationSeconds > maxTokenSeconds)
      errors.invalid(
        at.child('expirationSeconds'),
        expirationSeconds,
        'may not specify a duration larger than 2^32 seconds',
      );
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && !spec.tokenRequests?.length) {
    errors.invalid(
      path.child('serviceAccountTokenInSecrets'),
      inSecrets,
      'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
    );
  }
}
