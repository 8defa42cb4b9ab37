/**
 * CEL selectors of devices: what DeviceClasses and claims ask of a device, as upstream's environment has it: `device`
 * with `driver`, `attributes` and `capacity` by domain, and `allowMultipleAllocations`. Pure.
 */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { compareQuantities, QuantityError, readQuantity, wholeUnits } from '../quantity.ts';
import type { Device, DeviceAttribute } from '../types/resource/v1.ts';
import { CelError, type CelFunctions, type CelProgram, compileCel, type Extension } from './cel-evaluator.ts';
import { compareVersions, isVersion } from './semantic-version.ts';

type DeviceView = DeepReadonly<Device>;

class QuantityValue implements Extension {
  readonly typeName = 'kubernetes.Quantity';
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  call(method: string, [other]: readonly unknown[]): unknown {
    if (method === 'isInteger') return readQuantity(this.text).nanos % 1_000_000_000n === 0n;
    if (method === 'asInteger') return wholeUnits(readQuantity(this.text));
    if (method === 'sign') return BigInt(compareQuantities(this.text, '0'));
    return other instanceof QuantityValue ? ordered(method, compareQuantities(this.text, other.text)) : undefined;
  }

  equals(other: unknown): boolean {
    return other instanceof QuantityValue && compareQuantities(this.text, other.text) === 0;
  }
}

class VersionValue implements Extension {
  readonly typeName = 'kubernetes.Semver';
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  call(method: string, [other]: readonly unknown[]): unknown {
    const part = ['major', 'minor', 'patch'].indexOf(method);
    if (part >= 0) return BigInt(this.text.split(/[-+]/)[0]?.split('.')[part] ?? 0);
    return other instanceof VersionValue ? ordered(method, compareVersions(this.text, other.text)) : undefined;
  }

  equals(other: unknown): boolean {
    return other instanceof VersionValue && compareVersions(this.text, other.text) === 0;
  }
}

function ordered(method: string, order: number): boolean | bigint | undefined {
  switch (method) {
    case 'isGreaterThan':
      return order > 0;
    case 'isLessThan':
      return order < 0;
    case 'compareTo':
      return BigInt(order);
    default:
      return undefined;
  }
}

const functions: CelFunctions = {
  quantity(text) {
    if (typeof text !== 'string') return undefined;
    try {
      readQuantity(text);
    } catch (error) {
      if (error instanceof QuantityError) throw new CelError(error.message);
      throw error;
    }
    return new QuantityValue(text);
  },
  isQuantity: (text) => typeof text === 'string' && isQuantity(text),
  semver(text) {
    if (typeof text !== 'string') return undefined;
    if (!isVersion(text)) throw new CelError(`invalid semantic version ${JSON.stringify(text)}`);
    return new VersionValue(text);
  },
  isSemver: (text) => typeof text === 'string' && isVersion(text),
};

function isQuantity(text: string): boolean {
  try {
    readQuantity(text);
    return true;
  } catch {
    return false;
  }
}

/** A domain that a device says nothing of is an empty one, so that `has` can ask for what is in it. */
class Domains extends Map<unknown, unknown> {
  override get(domain: unknown): unknown {
    return super.get(domain) ?? (typeof domain === 'string' ? new Map() : undefined);
  }
}

/** `dra.example.com/model` as it stands, `model` in the driver's own domain. */
export const qualifiedAttribute = (name: string, driver: string): string =>
  name.includes('/') ? name : `${driver}/${name}`;

function byDomain<T>(
  named: Readonly<Record<string, T>> | undefined,
  driver: string,
  read: (one: T) => unknown,
): Domains {
  const domains = new Domains();
  for (const [name, one] of Object.entries(named ?? {})) {
    const value = read(one);
    if (value === undefined) continue;
    const [domain = '', id = ''] = qualifiedAttribute(name, driver).split('/');
    const known = domains.has(domain) ? domains.get(domain) : undefined;
    if (known instanceof Map) known.set(id, value);
    else domains.set(domain, new Map([[id, value]]));
  }
  return domains;
}

function attributeValue({
  bool,
  int,
  string,
  version,
  bools,
  ints,
  strings,
  versions,
}: DeepReadonly<DeviceAttribute>): unknown {
  if (int !== undefined) return BigInt(int);
  if (version !== undefined) return isVersion(version) ? new VersionValue(version) : undefined;
  if (ints !== undefined) return ints.map(BigInt);
  if (versions !== undefined) return versions.filter(isVersion).map((one) => new VersionValue(one));
  return bool ?? string ?? bools ?? strings;
}

function deviceValue(device: DeviceView, driver: string): ReadonlyMap<string, unknown> {
  const capacity = ({ value }: { readonly value: string | number }) =>
    isQuantity(String(value)) ? new QuantityValue(String(value)) : undefined;
  return new Map<string, unknown>([
    ['driver', driver],
    ['attributes', byDomain(device.attributes, driver, attributeValue)],
    ['capacity', byDomain(device.capacity, driver, capacity)],
    ['allowMultipleAllocations', device.allowMultipleAllocations === true],
  ]);
}

/** How many different selectors are kept compiled. */
const maxKnown = 500;
const programs = new Map<string, CelProgram>();
/** By device, as caches keep one object for each version of it: what each selector said. */
const answers = new WeakMap<DeviceView, Map<string, boolean>>();

/** Throws `CelError` when the selector does not compile, or cannot be evaluated for this device. */
export function selectsDevice(expression: string, device: DeviceView, driver: string): boolean {
  const known = answers.get(device) ?? new Map<string, boolean>();
  answers.set(device, known);
  const key = `${driver} ${expression}`;
  const answer = known.get(key) ?? evaluate(expression, device, driver);
  if (known.size < maxKnown) known.set(key, answer);
  return answer;
}

function evaluate(expression: string, device: DeviceView, driver: string): boolean {
  let program = programs.get(expression);
  if (program === undefined) {
    program = compileCel(expression, functions);
    if (programs.size >= maxKnown) programs.clear();
    programs.set(expression, program);
  }
  const result = run(program, new Map([['device', deviceValue(device, driver)]]));
  if (typeof result === 'boolean') return result;
  throw new CelError('must evaluate to bool');
}

function run(program: CelProgram, variables: ReadonlyMap<string, unknown>): unknown {
  try {
    return program.evaluate(variables);
  } catch (error) {
    if (error instanceof CelError) throw error;
    // The depth of the stack, the length of a text: the expression's doing.
    throw new CelError(errorText(error));
  }
}
