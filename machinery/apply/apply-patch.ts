/**
 * Server-side apply: merges a configuration into an object, takes out what its manager no longer says, and refuses to
 * change what others own. Pure: storing the result is the caller's business, and so are defaults and validation.
 *
 *   live ──merge(config)──► merged ──prune(what I said before)──► next ──compare(live)──► conflicts or new owners
 */

import { equalJson, isRecord, type JsonRecord, own } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, type GroupVersion, parseApiVersion } from '../../api/resource.ts';
import { badRequest, StatusError } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { conflictError } from './conflict-error.ts';
import { emptyObjectOf } from './empty-object.ts';
import { difference, type FieldSet, isEmptySet, recursiveDifference } from './field-set.ts';
import { fieldSetOf, typeErrors } from './field-set-of.ts';
import { fieldsOfLastApplied, kubectl, withLastApplied } from './last-applied.ts';
import { identityOf, type Managers, mapFields, storedManagers, writeManagers } from './managers.ts';
import { merge } from './merge.ts';
import { prune } from './prune.ts';
import { identityFields, untouchedFields } from './unowned-fields.ts';
import {
  afterUpdate,
  comparison,
  conflictsWith,
  knownVersions,
  type Write,
  withoutChanged,
} from './update-managed-fields.ts';

export interface ApplyRequest extends Write {
  /** The object as it is stored; undefined when there is none yet. */
  readonly live: KubernetesObject | undefined;
  /** The applied configuration, as it was parsed. */
  readonly config: unknown;
  /** Take what others own. */
  readonly force: boolean;
}

/**
 * The object that the apply makes, with its managedFields: not decoded yet, and sharing parts with `live` and
 * `config`. Throws 400 for what is no configuration of this kind, 422 for wrong types, 409 for conflicts.
 */
export function applyPatch(request: ApplyRequest): JsonRecord {
  const config = checkedConfig(request);
  const live = withoutManagedFields(request.live ?? emptyObjectOf(request.kind));
  const managers = trackedManagers(request, live);
  const result = applyOrConflict({ ...request, live, config, managers });
  const object = request.manager === kubectl ? withLastApplied(result.object, config) : result.object;
  const metadata = own(object, 'metadata');
  const entries = writeManagers(result.managers);
  return {
    ...object,
    metadata: { ...(isRecord(metadata) ? metadata : {}), ...(entries.length > 0 && { managedFields: entries }) },
  };
}

interface Application extends Write {
  readonly live: JsonRecord;
  readonly config: JsonRecord;
  readonly managers: Managers;
  readonly force: boolean;
}

interface Applied {
  readonly object: JsonRecord;
  readonly managers: Managers;
}

function checkedConfig({ config, kind }: ApplyRequest): JsonRecord {
  const object = isRecord(config) ? config : {};
  const apiVersion = own(object, 'apiVersion');
  const { group, version } = (typeof apiVersion === 'string' && parseApiVersion(apiVersion)) || noVersion;
  const givenKind = own(object, 'kind') ?? '';
  if (group !== kind.group || version !== kind.version || givenKind !== kind.kind) {
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${textOf(givenKind)}`);
  }
  const metadata = own(object, 'metadata');
  if (isRecord(metadata) && (own(metadata, 'managedFields') ?? null) !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  checkTypes(kind, object);
  return object;
}

/** What is no apiVersion says nothing. */
const noVersion: GroupVersion = { group: '', version: '' };

function checkTypes(kind: DescribedResource, object: JsonRecord): void {
  const errors = typeErrors(kind.schema, object);
  if (errors.length === 0) return;
  const metadata = own(object, 'metadata');
  const { namespace = '', name = '' } = isRecord(metadata) ? metadata : {};
  const what = `${textOf(namespace)}/${textOf(name)}; ${kind.group === '' ? '/' : ''}${apiVersionOf(kind)}, Kind=${kind.kind}`;
  const list = errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join('\n')}`;
  throw new StatusError(422, 'Invalid', `failed to create typed patch object (${what}): ${list}`, {});
}

/** A client's value in a message: nothing that is not a string is turned into one. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function withoutManagedFields(object: KubernetesObject): JsonRecord {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** Nobody was tracked before this first apply: what is there belongs to whoever wrote it, by one name. */
function trackedManagers(request: ApplyRequest, live: JsonRecord): Managers {
  const managers = storedManagers(request.live?.metadata?.managedFields);
  if (managers.size > 0 || request.live === undefined) return managers;
  return afterUpdate(managers, emptyObjectOf(request.kind), live, { ...request, manager: 'before-first-apply' });
}

function applyOrConflict(application: Application): Applied {
  const { live, kind, manager } = application;
  const attempt = attemptApply(application);
  if (attempt.conflicts.size === 0 || application.force) return attempt;
  if (manager !== kubectl) throw conflictError(attempt.conflicts, application.managers);
  const allowed = fieldsOfLastApplied(kind.schema, live);
  const conflicts = new Map(
    [...attempt.conflicts].map(([identity, fields]) => [identity, difference(fields, allowed)]),
  );
  const left = new Map([...conflicts].filter(([, fields]) => !isEmptySet(fields)));
  if (left.size > 0) throw conflictError(left, application.managers);
  return attempt;
}

/** What the apply makes of the object and its owners if it may take what it touches. */
function attemptApply(application: Application): Applied & { readonly conflicts: ReadonlyMap<string, FieldSet> } {
  const { live, config, kind, now, subresource = '', manager: name } = application;
  const schema = kind.schema;
  const self = { name, operation: 'Apply', apiVersion: apiVersionOf(kind), subresource } as const;
  const identity = identityOf(self);
  const former = application.managers.get(identity);
  const fields = recursiveDifference(fieldSetOf(schema, config), untouchedFields(kind, application.subresource));
  const claims = new Map(knownVersions(application.managers, kind));
  claims.set(identity, { ...self, time: former?.time, fields });
  const owners = [...claims.values()].map((manager) => manager.fields);
  const merged = merge(schema, live, config);
  const next = prune(schema, merged, former?.fields ?? {}, owners);
  const change = comparison(live, next, application);
  const changed = !equalJson(live, next);
  const managers = mapFields(withoutChanged(claims, change, identity), (manager, id) =>
    id === identity ? difference(manager.fields, identityFields) : manager.fields,
  );
  const own = managers.get(identity);
  if (changed && own !== undefined) managers.set(identity, { ...own, time: formatTime(now) });
  return {
    object: isRecord(next) ? next : {},
    managers,
    conflicts: conflictsWith(claims, change, identity),
  };
}
