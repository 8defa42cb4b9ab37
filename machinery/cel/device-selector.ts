/**
 * Selectors of devices: what classes and claims ask of a device, as upstream's environment has it: `device` with
 * `driver`, `attributes` and `capacity` by domain, and `allowMultipleAllocations`. The scheduler runs them, the API
 * server checks them. Pure.
 */

import { isVersion } from '../../api/devices/semantic-version.ts';
import { Budget, perCallLimit } from './budget.ts';
import { CelError } from './cel-error.ts';
import { compile } from './compile.ts';
import type { Program } from './environment.ts';
import { isQuantity, makeQuantity } from './functions/quantities.ts';
import { VersionValue } from './functions/versions.ts';
import { makeEnvironment } from './make-environment.ts';
import { boolType, dynType, mapOf, objectOf, opaqueType, showOutputType, stringType } from './types/cel-type.ts';
import { EntryMap, ItemList, type Value } from './values/value.ts';

/** What a selector sees of a device. */
export interface SelectableDevice {
  readonly attributes?: Readonly<Record<string, DeviceAttribute>> | undefined;
  readonly capacity?: Readonly<Record<string, { readonly value: string | number }>> | undefined;
  readonly allowMultipleAllocations?: boolean | undefined;
}

export interface DeviceAttribute {
  readonly bool?: boolean;
  readonly int?: number;
  readonly string?: string;
  readonly version?: string;
  readonly bools?: readonly boolean[];
  readonly ints?: readonly number[];
  readonly strings?: readonly string[];
  readonly versions?: readonly string[];
}

const environment = makeEnvironment({
  variables: {
    device: objectOf('kubernetes.DRADevice', {
      driver: stringType,
      attributes: mapOf(stringType, mapOf(stringType, dynType)),
      capacity: mapOf(stringType, mapOf(stringType, opaqueType('kubernetes.Quantity'))),
      allowMultipleAllocations: boolType,
    }),
  },
});

/** What is wrong with a selector, in upstream's words. */
export function selectorProblem(expression: string): string | undefined {
  const { program, message } = compile(expression, environment);
  return program === undefined ? `compilation failed: ${message}` : outputProblem(program);
}

function outputProblem({ outputType }: Program): string | undefined {
  if (outputType.kind === 'bool' || outputType.kind === 'dyn') return undefined;
  return `result type must be bool or the unknown type, not ${showOutputType(outputType)}`;
}

/** `dra.example.com/model` as it stands, `model` in the driver's own domain. */
export const qualifiedAttribute = (name: string, driver: string): string =>
  name.includes('/') ? name : `${driver}/${name}`;

/** A domain that a device says nothing of is an empty one, so that `has` can ask for what is in it. */
class Domains extends EntryMap {
  override get(domain: Value): Value | undefined {
    return super.get(domain) ?? (typeof domain === 'string' ? new EntryMap(new Map()) : undefined);
  }
}

type Entries = Map<string, readonly [Value, Value]>;

function byDomain<T>(
  named: Readonly<Record<string, T>> | undefined,
  driver: string,
  read: (one: T) => Value | undefined,
): Domains {
  const domains = new Map<string, Entries>();
  for (const [name, one] of Object.entries(named ?? {})) {
    const value = read(one);
    if (value === undefined) continue;
    const [domain = '', id = ''] = qualifiedAttribute(name, driver).split('/');
    const entries: Entries = domains.get(domain) ?? new Map();
    entries.set(id, [id, value]);
    domains.set(domain, entries);
  }
  return new Domains(new Map([...domains].map(([domain, entries]) => [domain, [domain, new EntryMap(entries)]])));
}

function attributeValue(attribute: DeviceAttribute): Value | undefined {
  const { bool, int, string, version, bools, ints, strings, versions } = attribute;
  if (int !== undefined) return BigInt(int);
  if (version !== undefined) return isVersion(version) ? new VersionValue(version) : undefined;
  if (ints !== undefined) return new ItemList(ints.map(BigInt));
  if (versions !== undefined) return new ItemList(versions.filter(isVersion).map((one) => new VersionValue(one)));
  const list = bools ?? strings;
  return bool ?? string ?? (list && new ItemList(list));
}

function deviceValue(device: SelectableDevice, driver: string): Value {
  const capacity = ({ value }: { readonly value: string | number }): Value | undefined =>
    isQuantity(String(value)) ? makeQuantity(String(value)) : undefined;
  const fields: Readonly<Record<string, Value>> = {
    driver,
    attributes: byDomain(device.attributes, driver, attributeValue),
    capacity: byDomain(device.capacity, driver, capacity),
    allowMultipleAllocations: device.allowMultipleAllocations === true,
  };
  return new EntryMap(
    new Map(Object.entries(fields).map(([name, value]) => [name, [name, value]])),
    'kubernetes.DRADevice',
  );
}

/** How many different selectors are kept compiled, and answers of one device. */
const maxKnown = 500;
const programs = new Map<string, Program>();
/** By device, as caches keep one object for each version of it: what each selector said. */
const answers = new WeakMap<SelectableDevice, Map<string, boolean>>();

/** Throws `CelError` when the selector does not compile, or cannot be evaluated for this device. */
export function selectsDevice(expression: string, device: SelectableDevice, driver: string): boolean {
  const known = answers.get(device) ?? new Map<string, boolean>();
  answers.set(device, known);
  const key = `${driver} ${expression}`;
  const answer = known.get(key) ?? evaluate(expression, device, driver);
  if (known.size < maxKnown) known.set(key, answer);
  return answer;
}

function evaluate(expression: string, device: SelectableDevice, driver: string): boolean {
  const result = programOf(expression).evaluate({ device: deviceValue(device, driver) }, new Budget(perCallLimit));
  if (typeof result === 'boolean') return result;
  throw new CelError('result could not be converted to bool');
}

function programOf(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const { program, message } = compile(expression, environment);
  if (program === undefined) throw new CelError(message);
  const problem = outputProblem(program);
  if (problem !== undefined) throw new CelError(problem);
  if (programs.size >= maxKnown) programs.clear();
  programs.set(expression, program);
  return program;
}
