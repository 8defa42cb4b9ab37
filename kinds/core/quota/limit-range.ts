/** LimitRanges: what pods, containers and claims of a namespace may ask for. */

import { randomUUID } from 'node:crypto';
import { own } from '../../../api/json-record.ts';
import { compareQuantities, readQuantity } from '../../../api/quantity.ts';
import { limitRanges } from '../../../api/resources/core.ts';
import type { LimitRange, LimitRangeItem } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { defineKind } from '../../define-kind.ts';
import { checkQualifiedName } from '../../validation/names.ts';
import { validateContainerResourceName, validateResourceName } from '../../workloads/pod-spec/resources.ts';

const standardTypes = ['Container', 'PersistentVolumeClaim', 'Pod'];

type Amounts = Readonly<Record<string, string>>;

interface Item {
  readonly max: Amounts;
  readonly min: Amounts;
  readonly default: Amounts;
  readonly defaultRequest: Amounts;
  readonly maxLimitRequestRatio: Amounts;
}

function validate(range: LimitRange, errors: FieldErrors): void {
  const types = new Set<string>();
  for (const [index, item] of (range.spec?.limits ?? []).entries()) {
    const place = FieldPath.of('spec', 'limits').index(index);
    validateType(item.type, place.child('type'), errors);
    if (types.has(item.type)) errors.duplicate(place.child('type'), item.type);
    types.add(item.type);
    validateItem(item, place, errors);
  }
}

function validateType(type: string, path: FieldPath, errors: FieldErrors): void {
  const found = checkQualifiedName(type);
  for (const message of found) errors.invalid(path, type, message);
  if (found.length === 0 && !type.includes('/') && !standardTypes.includes(type))
    errors.invalid(path, type, 'must be a standard limit type or fully qualified');
}

function validateItem(item: LimitRangeItem, path: FieldPath, errors: FieldErrors): void {
  const { max = {}, min = {}, default: standard = {}, defaultRequest = {}, maxLimitRequestRatio = {} } = item;
  const amounts: Item = { max, min, default: standard, defaultRequest, maxLimitRequestRatio };
  const checkName =
    item.type === 'Container' || item.type === 'Pod' ? validateContainerResourceName : validateResourceName;
  const names = new Set<string>();
  for (const part of ['max', 'min'] as const) {
    for (const name of Object.keys(amounts[part])) {
      checkName(name, path.child(part).key(name), errors);
      names.add(name);
    }
  }
  validateDefaults(item, amounts, checkName, names, path, errors);
  if (item.type === 'PersistentVolumeClaim' && !amounts.min.storage && !amounts.max.storage)
    errors.required(
      path.child('limits'),
      'either minimum or maximum storage value is required, but neither was provided',
    );
  for (const name of Object.keys(amounts.maxLimitRequestRatio)) {
    checkName(name, path.child('maxLimitRequestRatio').key(name), errors);
    names.add(name);
  }
  for (const name of names) {
    validateOrder(name, amounts, path, errors);
    validateRatio(name, amounts, path, errors);
  }
}

function validateDefaults(
  item: LimitRangeItem,
  amounts: Item,
  checkName: typeof validateResourceName,
  names: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const part of ['default', 'defaultRequest'] as const) {
    if (item.type === 'Pod') {
      if (Object.keys(amounts[part]).length > 0)
        errors.forbidden(path.child(part), "may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const name of Object.keys(amounts[part])) {
      checkName(name, path.child(part).key(name), errors);
      names.add(name);
    }
  }
}

const exceeds = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && compareQuantities(a, b) > 0;

/** min ≤ default request ≤ default ≤ max. */
function validateOrder(name: string, amounts: Item, path: FieldPath, errors: FieldErrors): void {
  const { max, min, default: standard, defaultRequest: request } = amounts;
  const at = (part: keyof Item) => path.child(part).key(name);
  const [high, low, usual, asked] = [own(max, name), own(min, name), own(standard, name), own(request, name)];
  if (exceeds(low, high)) errors.invalid(at('min'), low, `min value ${low} is greater than max value ${high}`);
  if (exceeds(low, asked))
    errors.invalid(at('defaultRequest'), asked, `min value ${low} is greater than default request value ${asked}`);
  if (exceeds(asked, high))
    errors.invalid(at('defaultRequest'), asked, `default request value ${asked} is greater than max value ${high}`);
  if (exceeds(asked, usual))
    errors.invalid(
      at('defaultRequest'),
      asked,
      `default request value ${asked} is greater than default limit value ${usual}`,
    );
  if (exceeds(low, usual))
    errors.invalid(at('default'), low, `min value ${low} is greater than default value ${usual}`);
  if (exceeds(usual, high))
    errors.invalid(at('default'), high, `default value ${usual} is greater than max value ${high}`);
}

function validateRatio(
  name: string,
  { max, min, maxLimitRequestRatio }: Item,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const ratio = own(maxLimitRequestRatio, name);
  if (ratio === undefined) return;
  const place = path.child('maxLimitRequestRatio').key(name);
  if (compareQuantities(ratio, '1') < 0) errors.invalid(place, ratio, `ratio ${ratio} is less than 1`);
  const [high, low] = [own(max, name), own(min, name)];
  if (high === undefined || low === undefined) return;
  const lowest = Number(readQuantity(low).nanos);
  const share = Number(readQuantity(high).nanos) / lowest;
  if (Number(readQuantity(ratio).nanos) / 1e9 > share)
    errors.invalid(place, ratio, `ratio ${ratio} is greater than max/min = ${share.toFixed(6)}`);
}

/** Containers: a limit is the default where none is given, a request what the limit or the minimum is. */
function setDefaults(range: LimitRange): void {
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== 'Container') continue;
    const standard = { ...item.max, ...item.default };
    const request = {
      ...item.min,
      ...standard,
      ...item.defaultRequest,
    };
    if (Object.keys(standard).length > 0) item.default = standard;
    if (Object.keys(request).length > 0) item.defaultRequest = request;
  }
}

export const limitRangeKind = defineKind(limitRanges, {
  shortNames: ['limits'],
  strategy: {
    allowCreateOnUpdate: true,
    metadataOnUpdate: 'all',
    setDefaults: (range) => setDefaults(range),
    prepareForCreate({ metadata }) {
      if (metadata && !metadata.name && !metadata.generateName) metadata.name = randomUUID();
    },
    validate: (range, errors) => validate(range, errors),
  },
});
