/** `--runtime-config`: which versions a server serves that it leaves out by default. Pure. */

import { apiVersionOf } from '../api/resource.ts';
import { UserError } from '../base/user-error.ts';
import type { Kind } from '../kinds/kind.ts';

const states: Readonly<Record<string, boolean>> = { '': true, true: true, false: false };

/**
 * Those of `switchable` whose version one of `settings` switches on: `storagemigration.k8s.io/v1beta1=true`, or without
 * a value. Of two that name one version the last holds. Throws a UserError that names what cannot be switched.
 */
export function chooseKinds(switchable: readonly Kind[], settings: readonly string[]): readonly Kind[] {
  const known = new Set(switchable.map(apiVersionOf));
  const chosen = new Map<string, boolean>();
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    const version = (equals < 0 ? setting : setting.slice(0, equals)).trim();
    const value = equals < 0 ? '' : setting.slice(equals + 1).trim();
    if (!known.has(version))
      throw new UserError(`--runtime-config: "${version}" cannot be switched on or off; ${[...known].join(', ')} can`);
    const isOn = Object.hasOwn(states, value) ? states[value] : undefined;
    if (isOn === undefined)
      throw new UserError(`--runtime-config: ${version} must be "true" or "false", not "${value}"`);
    chosen.set(version, isOn);
  }
  return switchable.filter((kind) => chosen.get(apiVersionOf(kind)) === true);
}
