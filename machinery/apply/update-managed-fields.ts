/** Who owns what after a create, update or patch: whoever changes a field owns it from then on, alone. */

import { equalJson, isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import { formatTime } from '../../api/time.ts';
import type { RecentMap } from '../../base/recent-map.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { isRegistered } from '../schema/registered-kinds.ts';
import { type CompareOptions, type Comparison, compare } from './compare.ts';
import { emptyObjectOf } from './empty-object.ts';
import { difference, type FieldSet, intersection, isEmptySet, recursiveDifference, union } from './field-set.ts';
import {
  identityOf,
  isReset,
  type Manager,
  type Managers,
  mapFields,
  readManagers,
  storedManagers,
  writeManagers,
} from './managers.ts';
import { mergeOldUpdaters } from './old-updaters.ts';
import { identityFields, untouchedFields } from './unowned-fields.ts';

export interface Write {
  readonly kind: DescribedResource;
  /** The `fieldManager` of the request, or the first part of its user agent. */
  readonly manager: string;
  readonly subresource?: string | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
  /** What creations have added by their specs, by the JSON of these: kinds that are made by templates have equal ones. */
  readonly createdSpecs?: RecentMap<Comparison> | undefined;
}

/**
 * The managedFields of `next`, which is about to replace `live`. For a creation `live` is the empty object of the
 * kind. Both are decoded and defaulted, in the form in which they are stored. `next` itself is not changed.
 */
export function managedFieldsAfterUpdate(
  live: KubernetesObject,
  next: KubernetesObject,
  write: Write,
): ReturnType<typeof writeManagers> {
  const managers = startingPoint(live, next, write.subresource);
  // Nobody was tracked until now: an object that was made without owners stays without.
  if (managers.size === 0 && live.metadata?.uid !== undefined) return [];
  return writeManagers(afterUpdate(managers, live, next, write));
}

/** No object has more: ten updaters are kept, and each who applies is somebody's program. Longer lists say nothing. */
const maxSentManagers = 1000;

/** The managers of the request, where it may bring and does bring a list of its own; otherwise those of the live object. */
function startingPoint(live: KubernetesObject, next: KubernetesObject, subresource: string | undefined): Managers {
  const before = live.metadata?.managedFields;
  const sent = next.metadata?.managedFields;
  // Nearly always the client sends what it has read, or nothing.
  if (subresource !== undefined || sent === undefined || equalJson(sent, before)) return storedManagers(before);
  if (isReset(sent)) return new Map();
  if (sent.length > maxSentManagers) return storedManagers(before);
  const managers = readManagers(sent);
  return managers === undefined || managers.size === 0 ? storedManagers(before) : managers;
}

/** The table after `write` made `live` into `next`. */
export function afterUpdate(managers: Managers, live: unknown, next: unknown, write: Write): Map<string, Manager> {
  const change = comparison(live, next, write, { omitEmpty: true });
  const left = withoutChanged(knownVersions(managers, write.kind), change);
  const taken = difference(union(change.added, change.modified), identityFields);
  if (!isEmptySet(taken)) take(left, taken, write);
  return mergeOldUpdaters(left);
}

function take(managers: Map<string, Manager>, taken: FieldSet, write: Write): void {
  const { manager: name, subresource = '', now } = write;
  const self = { name, operation: 'Update', apiVersion: apiVersionOf(write.kind), subresource } as const;
  const identity = identityOf(self);
  const fields = union(managers.get(identity)?.fields ?? {}, taken);
  managers.set(identity, { ...self, time: formatTime(now), fields });
}

/** What changed, apart from what this write leaves alone anyway. */
export function comparison(
  live: unknown,
  next: unknown,
  { kind, subresource, createdSpecs }: Write,
  options: CompareOptions = {},
): Comparison {
  const { added, modified, removed } =
    createdSpecs !== undefined && live === emptyObjectOf(kind) && isRecord(next)
      ? compareCreated(kind, next, createdSpecs)
      : compare(kind.schema, live, next, options);
  const untouched = untouchedFields(kind, subresource);
  return {
    added: recursiveDifference(added, untouched),
    modified: recursiveDifference(modified, untouched),
    removed: recursiveDifference(removed, untouched),
  };
}

/** A new object with nothing, in two parts: its spec is looked for among those that came before. */
function compareCreated(kind: DescribedResource, created: JsonRecord, specs: RecentMap<Comparison>): Comparison {
  const { spec, ...rest } = created;
  const { spec: emptySpec, ...emptyRest } = emptyObjectOf(kind) as JsonRecord;
  const ofRest = compare(kind.schema, emptyRest, rest, { omitEmpty: true });
  const text = JSON.stringify(spec ?? null);
  let ofSpec = specs.get(text);
  if (ofSpec === undefined) {
    ofSpec = compare(kind.schema, { spec: emptySpec }, { spec }, { omitEmpty: true });
    specs.set(text, ofSpec);
  }
  return {
    added: union(ofRest.added, ofSpec.added),
    modified: union(ofRest.modified, ofSpec.modified),
    removed: union(ofRest.removed, ofSpec.removed),
  };
}

/** Managers lose what another one changed and what is gone. `except` keeps what it changed itself. */
export function withoutChanged(managers: Managers, change: Comparison, except?: string): Map<string, Manager> {
  const changed = union(change.added, change.modified);
  return mapFields(managers, ({ fields }, identity) => {
    if (identity === except) return fields;
    return difference(difference(fields, changed), change.removed);
  });
}

/** The fields that `manager`'s change would take from others. */
export function conflictsWith(managers: Managers, change: Comparison, self: string): Map<string, FieldSet> {
  const changed = union(change.added, change.modified);
  const conflicts = new Map<string, FieldSet>();
  for (const [identity, manager] of managers) {
    const taken = identity === self ? {} : intersection(manager.fields, changed);
    if (!isEmptySet(taken)) conflicts.set(identity, taken);
  }
  return conflicts;
}

/**
 * Entries in a version that the kind does not have say nothing. Those in another one stay as they are: a field is taken
 * to have the same path in all versions.
 */
export function knownVersions(managers: Managers, kind: DescribedResource): Managers {
  const isKnown = ({ apiVersion }: Manager) => {
    if (apiVersion === apiVersionOf(kind)) return true;
    const named = parseApiVersion(apiVersion);
    if (named === undefined) return false;
    const { description } = kind;
    if (description === undefined) return isRegistered({ ...named, kind: kind.kind });
    return named.group === kind.group && description.versions.includes(named.version);
  };
  if ([...managers.values()].every(isKnown)) return managers;
  return new Map([...managers].filter(([, manager]) => isKnown(manager)));
}

/** Whether two objects are the same but for the times in their managedFields: then nothing needs to be written. */
export function sameButForTimes(a: KubernetesObject, b: KubernetesObject): boolean {
  // What differs is most often not in the metadata, which have to be copied.
  return isSameBut('metadata', a, b) && equalJson(timeless(a), timeless(b));
}

function isSameBut(left: string, a: object, b: object): boolean {
  const [inA, inB] = [a, b].map((object) => Object.keys(object).filter((name) => name !== left));
  if (inA === undefined || inA.length !== inB?.length) return false;
  return inA.every((name) => Object.hasOwn(b, name) && equalJson(Reflect.get(a, name), Reflect.get(b, name)));
}

const timeless = ({ metadata }: KubernetesObject) => ({
  ...metadata,
  managedFields: metadata?.managedFields?.map(({ time: _, ...entry }) => entry) ?? null,
});
