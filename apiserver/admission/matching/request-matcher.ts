/** Whether a webhook or a policy means a request: by its rules, then by labels of the object and of its namespace. */

import { matchesLabelSelector } from '../../../api/label-selector.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import { namespaces } from '../../../api/resources/core.ts';
import { notFound } from '../../../api/status-error.ts';
import type { LabelSelector } from '../../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Kind } from '../../../kinds/kind.ts';
import type { Kinds } from '../../../kinds/kind-registry.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { prefixOf } from '../../registry/registries.ts';
import { type Match, ownMatch } from './admitted-object.ts';
import { isNamespace, matchesRule, type Rule, type RuleSubject } from './match-rules.ts';

export interface MatchCriteria {
  readonly rules: readonly Rule[];
  /** What these mean is not meant, whatever the others say. */
  readonly excludedRules?: readonly Rule[] | undefined;
  /** `Equivalent`: the rules may name another version or group under which the same objects are served. */
  readonly matchPolicy?: string | undefined;
  readonly namespaceSelector?: DeepReadonly<LabelSelector> | undefined;
  readonly objectSelector?: DeepReadonly<LabelSelector> | undefined;
}

export interface RequestMatcherParts {
  readonly objects: ObjectReader;
  readonly kinds: Kinds;
}

export class RequestMatcher {
  readonly #objects: ObjectReader;
  readonly #kinds: Kinds;

  constructor({ objects, kinds }: RequestMatcherParts) {
    this.#objects = objects;
    this.#kinds = kinds;
  }

  /** Undefined: it is not meant. Throws NotFound when it is, as far as can be told, and its namespace is not there. */
  async match(request: AdmissionRequest, criteria: MatchCriteria): Promise<Match | undefined> {
    const { rules, excludedRules = [], matchPolicy } = criteria;
    if (!matchesObjects(criteria.objectSelector, request)) return undefined;
    if (excludedRules.length > 0 && this.#find(request, excludedRules, matchPolicy) !== undefined) return undefined;
    const found = this.#find(request, rules, matchPolicy);
    if (found === undefined || !(await this.matchesNamespace(request, criteria.namespaceSelector))) return undefined;
    return found;
  }

  #find(request: AdmissionRequest, rules: readonly Rule[], matchPolicy: string | undefined): Match | undefined {
    const subject = subjectOf(request);
    if (rules.some((rule) => matchesRule(rule, subject))) return ownMatch(request);
    if (matchPolicy !== 'Equivalent') return undefined;
    const others = othersLike(this.#kinds.all(), request.kind);
    // Earlier rules come first.
    for (const rule of rules)
      for (const other of others) {
        const { group, version, plural } = other;
        if (!matchesRule(rule, { ...subject, group, version, plural })) continue;
        return equivalentMatch(request, other);
      }
    return undefined;
  }

  /** What is in no namespace is exempt from nothing. */
  async matchesNamespace(
    request: AdmissionRequest,
    selector: DeepReadonly<LabelSelector> | undefined,
  ): Promise<boolean> {
    const namespace = namespaceOf(request);
    const isOfNamespace = isNamespace(request.kind);
    if (isEmpty(selector) || (namespace === '' && !isOfNamespace)) return true;
    if (isOfNamespace && !request.subresource && request.operation !== 'DELETE')
      return matchesLabelSelector(selector, request.object?.metadata?.labels ?? {});
    const found = await this.#objects.find(namespaces, { name: namespace });
    if (found === undefined) throw notFound(namespaces, namespace);
    return matchesLabelSelector(selector, found.metadata.labels ?? {});
  }
}

/** For as long as there are no other kinds: those that lie in one place of the store. */
const byPlace = new WeakMap<readonly Kind[], ReadonlyMap<string, readonly Kind[]>>();

/** The versions and groups beside its own in which objects of a kind are served. */
function othersLike(all: readonly Kind[], kind: Kind): readonly Kind[] {
  let places = byPlace.get(all);
  if (places === undefined) {
    places = placesOf(all);
    byPlace.set(all, places);
  }
  return (places.get(prefixOf(kind)) ?? []).filter((other) => other !== kind);
}

function placesOf(all: readonly Kind[]): ReadonlyMap<string, readonly Kind[]> {
  const places = new Map<string, Kind[]>();
  for (const kind of all) {
    const place = prefixOf(kind);
    const known = places.get(place);
    if (known === undefined) places.set(place, [kind]);
    else known.push(kind);
  }
  return places;
}

/** Of a request for a namespace itself, but its creation, that namespace. */
export function namespaceOf({ kind, namespace, name, operation }: AdmissionRequest): string {
  if (isNamespace(kind)) return operation === 'CREATE' ? '' : name;
  return namespace ?? '';
}

/** Empty where nobody has named the object. */
export const nameOf = ({ name, isNameGenerated, isOfCollection }: AdmissionRequest): string =>
  isNameGenerated || isOfCollection ? '' : name;

function subjectOf(request: AdmissionRequest): RuleSubject {
  const { operation, kind, subresource = '' } = request;
  const { group, version, plural } = kind;
  return { group, version, plural, operation, subresource, namespace: namespaceOf(request), name: nameOf(request) };
}

/** What is posted to a part of an object has no versions of its own. */
function equivalentMatch(request: AdmissionRequest, other: Kind): Match {
  const own = ownMatch(request);
  const { group, version, plural, kind } = other;
  const resource = { group, version, plural };
  const isOfKind = own.type.kind === request.kind.kind && own.type.group === request.kind.group;
  return isOfKind ? { resource, type: { group, version, kind }, version: other } : { ...own, resource };
}

/** The new object or the old one has the labels: nobody gets past by taking them off. */
function matchesObjects(selector: DeepReadonly<LabelSelector> | undefined, request: AdmissionRequest): boolean {
  if (isEmpty(selector)) return true;
  const hasLabels = (object: DeepReadonly<KubernetesObject> | undefined) =>
    object?.metadata !== undefined && matchesLabelSelector(selector, object.metadata.labels ?? {});
  return hasLabels(request.object) || hasLabels(request.previous);
}

function isEmpty(selector: DeepReadonly<LabelSelector> | undefined): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
