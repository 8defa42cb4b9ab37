/** Versions as semver.org 2.0.0 has them: `semver('1.2.3')`. */

import { compareVersions, isVersion } from '../../../api/devices/semantic-version.ts';
import { CelError } from '../cel-error.ts';
import { OpaqueValue, type Value } from '../values/value.ts';
import { type Declarations, instance, text } from './function-table.ts';

export class VersionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  readonly text: string;
  constructor(version: string) {
    super();
    this.text = version;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof VersionValue && compareVersions(this.text, other.text) === 0;
  }
}

/** Without a leading `v` and zeros, and with all three numbers. */
function normalized(source: string): string {
  const [, numbers = '', rest = ''] = /^v?([0-9.]*)(.*)$/s.exec(source) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3 && rest === '') parts.push('0');
  return `${parts.join('.')}${rest}`;
}

function makeVersion(source: string): VersionValue {
  if (!isVersion(source)) throw new CelError(versionProblem(source));
  return new VersionValue(source);
}

function versionProblem(source: string): string {
  if (source === '') return 'Version string empty';
  if (source.split('.').length < 3) return 'No Major.Minor.Patch elements found';
  const numbers = source.split(/[-+]/)[0]?.split('.') ?? [];
  const names = ['major', 'minor', 'patch'];
  for (const [index, name] of names.entries()) {
    const number = numbers[index] ?? '';
    const shown = name === 'patch' ? 'patch' : name;
    if (!/^\d+$/.test(number)) return `Invalid character(s) found in ${shown} number ${JSON.stringify(number)}`;
    if (/^0\d/.test(number))
      return `${shown.charAt(0).toUpperCase()}${shown.slice(1)} number must not contain leading zeroes ${JSON.stringify(number)}`;
  }
  return 'Invalid character(s) found in prerelease or build metadata';
}

const version = (value: Value | undefined): string => instance(value, VersionValue).text;
const compare = ([a, b]: readonly Value[]): number => compareVersions(version(a), version(b));
const part = (value: Value | undefined, index: number): bigint =>
  BigInt(version(value).split(/[-+]/)[0]?.split('.')[index] ?? 0);

const chosen = ([source, normalize]: readonly Value[]): string =>
  normalize === true ? normalized(text(source)) : text(source);

export const versions: Declarations = [
  ['semver(string): kubernetes.Semver', (args) => makeVersion(chosen(args))],
  ['semver(string, bool): kubernetes.Semver', (args) => makeVersion(chosen(args))],
  ['isSemver(string): bool', (args) => isVersion(chosen(args))],
  ['isSemver(string, bool): bool', (args) => isVersion(chosen(args))],
  ['kubernetes.Semver.major(): int', ([a]) => part(a, 0)],
  ['kubernetes.Semver.minor(): int', ([a]) => part(a, 1)],
  ['kubernetes.Semver.patch(): int', ([a]) => part(a, 2)],
  ['kubernetes.Semver.isLessThan(kubernetes.Semver): bool', (args) => compare(args) < 0],
  ['kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool', (args) => compare(args) > 0],
  ['kubernetes.Semver.compareTo(kubernetes.Semver): int', (args) => BigInt(Math.sign(compare(args)))],
];
