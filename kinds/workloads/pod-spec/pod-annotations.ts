/** Annotations of pods that mean something to the system, and the fields that have replaced some of them. */

import { readEngineSettings } from '../../../api/engine-settings.ts';
import { mirrorAnnotation } from '../../../api/labels.ts';
import { drainBoundAnnotation, drainBoundRule, parseDrainBoundMs } from '../../../api/pod-drain.ts';
import { parseRestartPeriodMs, restartPeriodAnnotation, restartPeriodRule } from '../../../api/restart-period.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';

type Annotations = Readonly<Record<string, string>>;

const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

export function validatePodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName)
    errors.invalid(path.key(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set');
  for (const { key, value, problem } of readEngineSettings(annotations).wrong)
    errors.invalid(path.key(key), value, problem);
  const restartPeriod = annotations[restartPeriodAnnotation];
  if (restartPeriod !== undefined && parseRestartPeriodMs(restartPeriod) === undefined)
    errors.invalid(path.key(restartPeriodAnnotation), restartPeriod, restartPeriodRule);
  const drainBound = annotations[drainBoundAnnotation];
  if (drainBound !== undefined && parseDrainBoundMs(drainBound) === undefined)
    errors.invalid(path.key(drainBoundAnnotation), drainBound, drainBoundRule);
  const names = containersOf(spec).map(({ name }) => name);
  for (const [key, value] of Object.entries(annotations)) {
    if (key === seccompPodAnnotation || key.startsWith(seccompContainerPrefix)) {
      if (!isSeccompValue(value)) errors.invalid(path.child(key), value, 'must be a valid seccomp profile');
    } else if (key.startsWith(appArmorPrefix)) {
      const container = key.slice(appArmorPrefix.length);
      if (!names.includes(container)) errors.invalid(path.key(key), container, 'container not found');
      if (!isAppArmorValue(value))
        errors.invalid(path.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`);
    }
  }
}

const isSeccompValue = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value === 'unconfined' || value.startsWith('localhost/');
const isAppArmorValue = (value: string): boolean =>
  value === '' || value === 'runtime/default' || value === 'unconfined' || value.startsWith('localhost/');

const containersOf = (spec: PodSpec) => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...(spec.ephemeralContainers ?? []),
];

type Profile = AppArmorProfile & SeccompProfile;

function toAnnotation(profile: Profile | undefined): string | undefined {
  switch (profile?.type) {
    case 'RuntimeDefault':
      return 'runtime/default';
    case 'Unconfined':
      return 'unconfined';
    case 'Localhost':
      return `localhost/${profile.localhostProfile ?? ''}`;
    default:
      return undefined;
  }
}

function fromAnnotation(value: string | undefined): AppArmorProfile | undefined {
  if (value === 'runtime/default' || value === '') return { type: 'RuntimeDefault' };
  if (value === 'unconfined') return { type: 'Unconfined' };
  if (value?.startsWith('localhost/')) return { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  return undefined;
}

/** The field takes what only the annotation says. */
export function syncAppArmor(annotations: Annotations, spec: PodSpec): void {
  if (spec.os?.name === 'windows') return;
  const podWide = spec.securityContext?.appArmorProfile;
  for (const container of containersOf(spec)) {
    const key = `${appArmorPrefix}${container.name}`;
    const own = container.securityContext?.appArmorProfile;
    const said = annotations[key];
    const profile = own ? undefined : fromAnnotation(said);
    if (!profile || (podWide && toAnnotation(podWide) === said)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}

/** At creation an old annotation and the field that replaced it must not disagree. */
export function validateProfilesMatch(
  annotations: Annotations,
  spec: PodSpec,
  errors: FieldErrors,
  path: FieldPath,
): void {
  const pod = annotations[seccompPodAnnotation];
  const podProfile = spec.securityContext?.seccompProfile;
  if (pod !== undefined && podProfile)
    validateMatch('seccomp', pod, podProfile, path.child('securityContext', 'seccompProfile'), errors);
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, { name, securityContext }] of (spec[list] ?? []).entries()) {
      const place = path.child(list).index(index).child('securityContext');
      const seccomp = annotations[`${seccompContainerPrefix}${name}`];
      if (seccomp !== undefined && securityContext?.seccompProfile)
        validateMatch('seccomp', seccomp, securityContext.seccompProfile, place.child('seccompProfile'), errors);
      const appArmor = annotations[`${appArmorPrefix}${name}`];
      if (appArmor !== undefined && securityContext?.appArmorProfile)
        validateMatch('apparmor', appArmor, securityContext.appArmorProfile, place.child('appArmorProfile'), errors);
    }
  }
}

function validateMatch(
  what: 'seccomp' | 'apparmor',
  annotation: string,
  profile: Profile,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const said = fromAnnotation(annotation === 'docker/default' ? 'runtime/default' : annotation);
  if (!said) return;
  if (said.type !== profile.type)
    errors.forbidden(path.child('type'), `${what} type in annotation and field must match`);
  else if ((said.localhostProfile ?? '') !== (profile.localhostProfile ?? ''))
    errors.forbidden(path.child('localhostProfile'), `${what} profile in annotation and field must match`);
}
