/** What ResourceClaims and their templates say alike: which devices are wanted. Upstream's defaults and validation. */

import { isRecord } from '../../api/json-record.ts';
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ExactDeviceRequest,
} from '../../api/types/resource/v1.ts';
import { selectorProblem } from '../../machinery/cel/device-selector.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkLabelValue, checkQualifiedName } from '../validation/names.ts';

/** What an exact request and one of several alternatives have in common. */
type Wish = Pick<ExactDeviceRequest, 'allocationMode' | 'count' | 'deviceClassName' | 'selectors' | 'tolerations'>;

const allocationModes = ['All', 'ExactCount'];
const operators = ['Equal', 'Exists'];
const effects = ['NoExecute', 'NoSchedule', 'None'];
/** Upstream's, for the expression of a selector. */
const longestExpression = 10 * 1024;
const maxItems = { requests: 32, firstAvailable: 8, selectors: 32, constraints: 32, config: 32 };
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
  const names = requestNamesOf(claim);
  const constraints = claim?.constraints ?? [];
  const constraintsPath = path.child('constraints');
  if (constraints.length > maxItems.constraints)
    errors.tooMany(constraintsPath, constraints.length, maxItems.constraints);
  else for (const [i, one] of constraints.entries()) validateConstraint(one, constraintsPath.index(i), errors, names);
  const config = claim?.config ?? [];
  const configPath = path.child('config');
  if (config.length > maxItems.config) errors.tooMany(configPath, config.length, maxItems.config);
  else
    for (const [i, one] of config.entries()) {
      validateRequestNames(one.requests, configPath.index(i).child('requests'), errors, names);
      validateConfiguration(one, configPath.index(i), errors);
    }
}

/** `request`, and `request/alternative` where it has some. */
const requestNamesOf = (claim: DeviceClaim | undefined): ReadonlySet<string> =>
  new Set(
    (claim?.requests ?? []).flatMap(({ name, firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((wish) => `${name}/${wish.name}`),
    ]),
  );

function validateRequestNames(
  requests: readonly string[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  names: ReadonlySet<string>,
): void {
  for (const [i, name] of (requests ?? []).entries())
    if (!names.has(name))
      errors.invalid(
        path.index(i),
        name,
        'must be the name of a request in the claim or the name of a request and a subrequest separated by a /',
      );
}

function validateConstraint(
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  path: FieldPath,
  errors: FieldErrors,
  names: ReadonlySet<string>,
): void {
  validateRequestNames(requests, path.child('requests'), errors, names);
  if (matchAttribute !== undefined) validateAttribute(matchAttribute, path.child('matchAttribute'), errors);
  else if (distinctAttribute !== undefined)
    validateAttribute(distinctAttribute, path.child('distinctAttribute'), errors);
  else errors.required(path, 'exactly one of `matchAttribute` or `distinctAttribute` is required');
  if (matchAttribute !== undefined && distinctAttribute !== undefined)
    errors.invalid(
      path,
      null,
      'exactly one of `matchAttribute` or `distinctAttribute` is required, but multiple fields are set',
    );
}

function validateAttribute(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') errors.required(path, 'name required');
  else if (name.includes('/')) validateDeviceName(name, path, errors);
  else errors.invalid(path, name, 'must include domain');
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

/** Of an attribute or a capacity: `id` or `domain/id`. */
export function validateDeviceName(name: string, path: FieldPath, errors: FieldErrors): void {
  const [id = '', domain, ...more] = name.split('/').reverse();
  if (more.length > 0) errors.invalid(path, name, 'must be of the form <domain>/<C identifier> or <C identifier>');
  if (domain !== undefined) report(checkDns1123Subdomain(domain), domain, path, errors);
  if (id.length > 32) errors.tooLong(path, 32);
  else if (!identifier.test(id))
    errors.invalid(
      path,
      id,
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    );
}

export function validateConfiguration(
  { opaque }: Pick<DeviceClaimConfiguration, 'opaque'>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const opaquePath = path.child('opaque');
  if (opaque === undefined) {
    errors.required(opaquePath);
    return;
  }
  validateDriverName(opaque.driver ?? '', opaquePath.child('driver'), errors);
  if (!isRecord(opaque.parameters)) errors.required(opaquePath.child('parameters'));
}

export function validateDriverName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') errors.required(path);
  else if (name.length > 63) errors.tooLong(path, 63);
  else report(checkDns1123Subdomain(name), name, path, errors);
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

export function validateSelectors(selectors: readonly DeviceSelector[], path: FieldPath, errors: FieldErrors): void {
  if (selectors.length > maxItems.selectors) {
    errors.tooMany(path, selectors.length, maxItems.selectors);
    return;
  }
  for (const [index, { cel }] of selectors.entries()) {
    const celPath = path.index(index).child('cel');
    if (!cel) errors.required(celPath);
    else validateSelector(cel.expression ?? '', celPath.child('expression'), errors);
  }
}

function validateSelector(expression: string, path: FieldPath, errors: FieldErrors): void {
  if (expression.length > longestExpression) {
    errors.tooLong(path, longestExpression);
    return;
  }
  const problem = selectorProblem(expression);
  if (problem !== undefined) errors.invalid(path, expression, problem);
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
