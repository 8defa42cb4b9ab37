/** What a review of access must look like, in upstream's words; who asks wrongly is told all of it at once. Pure. */

import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
} from '../../../api/types/authorization/v1.ts';
import type { ObjectMeta } from '../../../api/types/meta/v1.ts';
import { validateLabelTerms, validateSelectorRequirement } from '../../../kinds/validation/label-selector.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';

export type AccessSpec = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

export interface CheckedReview {
  /** With the fields' owners, which are shown and do not count. */
  readonly metadata: ObjectMeta;
  readonly spec: SubjectAccessReviewSpec | AccessSpec | undefined;
  /** Whether it says itself whom it is about. */
  readonly namesSubject: boolean;
  /** The one that it is about, where it lies in one. */
  readonly namespace?: string | undefined;
}

const spec = FieldPath.of('spec');

/** Throws Invalid. */
export function checkAccessReview(review: CheckedReview): void {
  const errors = new FieldErrors();
  checkSpec(review, errors);
  checkMetadata(review, errors);
  if (review.namespace !== undefined) checkLocality(review, review.namespace, errors);
  // Upstream leaves the kind out here.
  if (!errors.empty) throw invalidObject({ group: 'authorization.k8s.io', kind: '' }, '', errors.list);
}

function checkSpec({ spec: given = {}, namesSubject }: CheckedReview, errors: FieldErrors): void {
  const { resourceAttributes, nonResourceAttributes, user, groups }: SubjectAccessReviewSpec = given;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined)
    errors.invalid(
      spec.child('nonResourceAttributes'),
      shownPath(nonResourceAttributes),
      'cannot be specified in combination with resourceAttributes',
    );
  if (resourceAttributes === undefined && nonResourceAttributes === undefined)
    errors.invalid(
      spec.child('resourceAttributes'),
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  if (namesSubject && !user && !groups?.length)
    errors.invalid(spec.child('user'), '', 'at least one of user or group must be specified');
  if (resourceAttributes !== undefined) checkSelectors(resourceAttributes, errors);
}

/** As Go shows it. */
const shownPath = ({ path = '', verb = '' }: NonNullable<AccessSpec['nonResourceAttributes']>) => ({
  Path: path,
  Verb: verb,
});

function checkSelectors({ fieldSelector, labelSelector }: ResourceAttributes, errors: FieldErrors): void {
  const attributes = spec.child('resourceAttributes');
  checkFieldSelector(fieldSelector, attributes.child('fieldSelector'), errors);
  checkLabelSelector(labelSelector, attributes.child('labelSelector'), errors);
}

/** Operators may be unknown: who asks may be newer than this server. */
function checkFieldSelector(selector: FieldSelectorAttributes | undefined, path: FieldPath, errors: FieldErrors): void {
  if (selector === undefined) return;
  checkOneForm(selector, path, errors);
  for (const [index, { key, operator, values = [] }] of (selector.requirements ?? []).entries()) {
    const at = path.child('requirements').index(index);
    if (!key) errors.required(at.child('key'), 'must be specified');
    validateSelectorRequirement({ operator, values }, at, errors);
  }
}

function checkLabelSelector(selector: LabelSelectorAttributes | undefined, path: FieldPath, errors: FieldErrors): void {
  if (selector === undefined) return;
  checkOneForm(selector, path, errors);
  for (const [index, { key = '', operator, values = [] }] of (selector.requirements ?? []).entries()) {
    const at = path.child('requirements').index(index);
    validateSelectorRequirement({ operator, values }, at, errors);
    validateLabelTerms({ key, values }, at, errors);
  }
}

function checkOneForm(
  { rawSelector = '', requirements = [] }: FieldSelectorAttributes | LabelSelectorAttributes,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (rawSelector !== '' && requirements.length > 0)
    errors.invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements');
  if (rawSelector === '' && requirements.length === 0)
    errors.required(path.child('requirements'), `when ${path} is specified, requirements or rawSelector is required`);
}

function checkMetadata({ metadata, namespace }: CheckedReview, errors: FieldErrors): void {
  const { managedFields: _, namespace: __, ...others } = metadata;
  const rest: Readonly<Record<string, unknown>> =
    namespace === undefined ? { ...others, ...namespaceOf(metadata) } : others;
  if (!Object.values(rest).some(isSaid)) return;
  const except = namespace === undefined ? '' : ' except for namespace';
  errors.invalid(FieldPath.of('metadata'), inOrder(metadata), `must be empty${except}`);
}

const namespaceOf = ({ namespace }: ObjectMeta) => (namespace === undefined ? {} : { namespace });

function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** As the fields of metadata follow one another in Go. */
const order = [
  ...['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers'],
];

function inOrder(metadata: ObjectMeta): object {
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const fields = Object.entries(metadata).filter(([, value]) => isSaid(value));
  return Object.fromEntries(fields.toSorted(([one], [other]) => place(one) - place(other)));
}

function checkLocality({ spec: given = {} }: CheckedReview, namespace: string, errors: FieldErrors): void {
  const { resourceAttributes, nonResourceAttributes } = given;
  const named = resourceAttributes?.namespace ?? '';
  if (resourceAttributes !== undefined && named !== namespace)
    errors.invalid(spec.child('resourceAttributes', 'namespace'), named, 'must match metadata.namespace');
  if (nonResourceAttributes !== undefined)
    errors.invalid(
      spec.child('nonResourceAttributes'),
      shownPath(nonResourceAttributes),
      'disallowed on this kind of request',
    );
}
