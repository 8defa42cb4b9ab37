/** What ResourceClaims and their templates say alike: which devices are wanted. Upstream's defaults and validation. */

import type {
  DeviceClaim,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ExactDeviceRequest,
} from '../../api/types/resource/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkLabelValue, checkQualifiedName } from '../validation/names.ts';

/** What an exact request and one of several alternatives have in common. */
type Wish = Pick<ExactDeviceRequest, 'allocationMode' | 'count' | 'deviceClassName' | 'selectors' | 'tolerations'>;

const allocationModes = ['All', 'ExactCount'];
const operators = ['Equal', 'Exists'];
const effects = ['NoExecute', 'NoSchedule', 'None'];
const maxItems = { requests: 32, firstAvailable: 8, selectors: 32 };
const eitherOr = 'exactly one of `exactly` or `firstAvailable` is required';

export function setDeviceClaimDefaults(claim: DeviceClaim | undefined): void {
  for (const { exactly, firstAvailable } of claim?.requests ?? []) {
    if (exactly) setWishDefaults(exactly);
    for (const wish of firstAvailable ?? []) setWishDefaults(wish);
  }
}

function setWishDefaults(wish: Wish): void {
  wish.allocationMode ||= 'ExactCount';
  if (wish.allocationMode === 'ExactCount') wish.count ||= 1;
  for (const toleration of wish.tolerations ?? []) toleration.operator ||= 'Equal';
}

/** For creation only: a claim stays as it was made. */
export function validateDeviceClaim(claim: DeviceClaim | undefined, path: FieldPath, errors: FieldErrors): void {
  validateSet(claim?.requests, path.child('requests'), errors, maxItems.requests, validateRequest);
}

function validateRequest(request: DeviceRequest, path: FieldPath, errors: FieldErrors): void {
  const { name = '', exactly, firstAvailable = [] } = request;
  report(checkDns1123Label(name), name, path.child('name'), errors);
  if (exactly && firstAvailable.length > 0) errors.invalid(path, null, `${eitherOr}, but multiple fields are set`);
  else if (exactly) validateWish(exactly, path.child('exactly'), errors);
  else if (firstAvailable.length === 0) errors.required(path, eitherOr);
  else {
    const place = path.child('firstAvailable');
    validateSet(firstAvailable, place, errors, maxItems.firstAvailable, (wish, wishPath) => {
      report(checkDns1123Label(wish.name ?? ''), wish.name ?? '', wishPath.child('name'), errors);
      validateWish(wish, wishPath, errors);
    });
  }
}

function validateWish(wish: Wish, path: FieldPath, errors: FieldErrors): void {
  const { deviceClassName = '', selectors = [], tolerations = [] } = wish;
  const classPath = path.child('deviceClassName');
  if (deviceClassName === '') errors.required(classPath);
  else report(checkDns1123Subdomain(deviceClassName), deviceClassName, classPath, errors);
  validateSelectors(selectors, path.child('selectors'), errors);
  validateAllocationMode(wish, path, errors);
  for (const [index, toleration] of tolerations.entries())
    validateToleration(toleration, path.child('tolerations').index(index), errors);
}

function validateSelectors(selectors: readonly DeviceSelector[], path: FieldPath, errors: FieldErrors): void {
  if (selectors.length > maxItems.selectors) {
    errors.tooMany(path, selectors.length, maxItems.selectors);
    return;
  }
  for (const [index, { cel }] of selectors.entries()) if (!cel) errors.required(path.index(index).child('cel'));
}

function validateAllocationMode({ allocationMode = '', count = 0 }: Wish, path: FieldPath, errors: FieldErrors): void {
  if (!allocationModes.includes(allocationMode)) {
    errors.notSupported(path.child('allocationMode'), allocationMode, allocationModes);
  } else if (allocationMode === 'All' && count !== 0) {
    errors.invalid(path.child('count'), count, "must not be specified when allocationMode is 'All'");
  } else if (allocationMode === 'ExactCount' && count <= 0) {
    errors.invalid(path.child('count'), count, 'must be greater than zero');
  }
}

function validateToleration(toleration: DeviceToleration, path: FieldPath, errors: FieldErrors): void {
  const { key = '', operator = '', value = '', effect = '' } = toleration;
  if (key !== '') report(checkQualifiedName(key), key, path.child('key'), errors);
  if (!operators.includes(operator)) errors.notSupported(path.child('operator'), operator, operators);
  else if (operator === 'Equal') report(checkLabelValue(value), value, path.child('value'), errors);
  else if (value !== '') errors.invalid(path.child('value'), value, 'must be empty for operator `Exists`');
  if (effect !== '' && !effects.includes(effect)) errors.notSupported(path.child('effect'), effect, effects);
}

/** A list with names of its own for each item. Nobody looks at the items of one that is too long. */
function validateSet<T extends { name?: string }>(
  items: readonly T[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  most: number,
  validate: (item: T, path: FieldPath, errors: FieldErrors) => void,
): void {
  if (items === undefined) return;
  if (items.length > most) {
    errors.tooMany(path, items.length, most);
    return;
  }
  for (const [index, item] of items.entries()) validate(item, path.index(index), errors);
  const names = items.map(({ name = '' }) => name);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) errors.duplicate(path.index(index), name);
}

function report(problems: readonly string[], value: string, path: FieldPath, errors: FieldErrors): void {
  for (const problem of problems) errors.invalid(path, value, problem);
}
