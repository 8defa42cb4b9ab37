/** Security contexts of pods and containers. */

import type {
  AppArmorProfile,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
  WindowsSecurityContextOptions,
} from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateChoice } from '../../validation/choice.ts';
import { checkDns1123Subdomain } from '../../validation/names.ts';
import { validateLocalPath } from '../../validation/paths.ts';

const maxId = 2 ** 31 - 1;

function validateId(id: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (id !== undefined && (id < 0 || id > maxId)) errors.invalid(path, id, `must be between 0 and ${maxId}, inclusive`);
}

export function validatePodSecurity(spec: PodSpec, specPath: FieldPath, errors: FieldErrors): void {
  const path = specPath.child('securityContext');
  if (spec.hostPID && spec.shareProcessNamespace)
    errors.invalid(
      path.child('shareProcessNamespace'),
      true,
      'ShareProcessNamespace and HostPID cannot both be enabled',
    );
  const { securityContext: context } = spec;
  if (!context) return;
  validateId(context.fsGroup, path.child('fsGroup'), errors);
  validateId(context.runAsUser, path.child('runAsUser'), errors);
  validateId(context.runAsGroup, path.child('runAsGroup'), errors);
  for (const [index, group] of (context.supplementalGroups ?? []).entries())
    validateId(group, path.child('supplementalGroups').index(index), errors);
  validateSysctls(context.sysctls ?? [], spec, path.child('sysctls'), errors);
  validateChoice(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], path.child('fsGroupChangePolicy'), errors);
  if (context.seccompProfile) validateSeccomp(context.seccompProfile, path.child('seccompProfile'), errors);
  if (context.windowsOptions) validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  if (context.appArmorProfile) validateAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors);
  validateChoice(context.supplementalGroupsPolicy, ['Merge', 'Strict'], path.child('supplementalGroupsPolicy'), errors);
  validateChoice(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], path.child('seLinuxChangePolicy'), errors);
}

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlText = String.raw`must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`;
const ipcSysctls = /^(kernel\.(msg|sem|shm)|fs\.mqueue\.)/;

function validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { name }] of sysctls.entries()) {
    const place = path.index(index).child('name');
    if (name === '') errors.required(place);
    else if (name.length > 253 || !sysctlPattern.test(name)) errors.invalid(place, name, sysctlText);
    else if (seen.has(name)) errors.duplicate(place, name);
    const dotted = name.includes('/') ? name.replaceAll('/', '.') : name;
    if (spec.hostNetwork && dotted.startsWith('net.'))
      errors.invalid(place, name, "may not be specified when 'hostNetwork' is true");
    if (spec.hostIPC && ipcSysctls.test(dotted))
      errors.invalid(place, name, "may not be specified when 'hostIPC' is true");
    seen.add(name);
  }
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccomp(profile: SeccompProfile, path: FieldPath, errors: FieldErrors): void {
  const { type, localhostProfile } = profile;
  const place = path.child('localhostProfile');
  if (type === '') errors.required(path.child('type'), 'type is required when seccompProfile is set');
  else validateChoice(type, profileTypes, path.child('type'), errors);
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.required(place, 'must be set when seccomp type is Localhost');
    else validateLocalPath(localhostProfile, place, errors);
  } else if (localhostProfile !== undefined) {
    const shown = { Type: type, LocalhostProfile: localhostProfile };
    errors.invalid(place, shown, 'can only be set when seccomp type is Localhost');
  }
}

const maxAppArmorProfile = 4095;

function validateAppArmor(profile: AppArmorProfile, path: FieldPath, errors: FieldErrors): void {
  const { type, localhostProfile } = profile;
  const place = path.child('localhostProfile');
  if (type === 'Localhost') {
    if (localhostProfile === undefined || localhostProfile.trim() === '') {
      errors.required(place, 'must be set when AppArmor type is Localhost');
    } else if (localhostProfile.trim() !== localhostProfile) {
      errors.invalid(place, localhostProfile, 'must not be padded with whitespace');
    } else if (Buffer.byteLength(localhostProfile) > maxAppArmorProfile) errors.tooLong(place, maxAppArmorProfile);
  } else if (localhostProfile !== undefined && type !== '') {
    errors.invalid(place, localhostProfile, 'can only be set when AppArmor type is Localhost');
  }
  if (type === '') errors.required(path.child('type'), 'type is required when appArmorProfile is set');
  else validateChoice(type, profileTypes, path.child('type'), errors);
}

const maxCredentialSpec = 64 * 1024;

function validateWindowsOptions(options: WindowsSecurityContextOptions, path: FieldPath, errors: FieldErrors): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    for (const message of checkDns1123Subdomain(gmsaCredentialSpecName))
      errors.invalid(path.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, message);
  }
  if (gmsaCredentialSpec !== undefined) {
    const place = path.child('gmsaCredentialSpec');
    if (gmsaCredentialSpec === '') errors.invalid(place, '', 'gmsaCredentialSpec cannot be an empty string');
    else if (Buffer.byteLength(gmsaCredentialSpec) > maxCredentialSpec)
      errors.invalid(
        place,
        gmsaCredentialSpec,
        `gmsaCredentialSpec size must be under ${maxCredentialSpec / 1024} KiB`,
      );
  }
  if (runAsUserName !== undefined) validateRunAsUserName(runAsUserName, path.child('runAsUserName'), errors);
}

const windowsDomain =
  /^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$|^[a-zA-Z0-9-]{1,15}$|^NT AUTHORITY$|^BUILTIN$/i;

function validateRunAsUserName(name: string, path: FieldPath, errors: FieldErrors): void {
  const invalid = (detail: string) => errors.invalid(path, name, detail);
  if (name === '') {
    invalid('runAsUserName cannot be an empty string');
    return;
  }
  if (/\p{Cc}/u.test(name)) invalid('runAsUserName cannot contain control characters');
  const parts = name.split('\\');
  if (parts.length > 2) {
    invalid('runAsUserName cannot contain more than one backslash');
    return;
  }
  const user = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const domain = parts[0] ?? '';
    if (domain === '') invalid("runAsUserName's Domain doesn't match the NetBIOS nor the DNS format");
    else if (domain.length > 255) invalid("runAsUserName's Domain length must be under 256 characters");
    else if (!windowsDomain.test(domain))
      invalid("runAsUserName's Domain doesn't match the NetBIOS nor the DNS format");
  }
  if (user === '') invalid("runAsUserName's User cannot be empty");
  else if (user.length > 104) invalid("runAsUserName's User length must not be longer than 104 characters");
  if (/^[. ]+$/.test(user)) invalid("runAsUserName's User cannot contain only periods or spaces");
  if (/["/[\]:;|=,+*?<>@]/.test(user)) {
    invalid(String.raw`runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]`);
  }
}

export function validateContainerSecurity(
  context: SecurityContext,
  spec: { readonly hostUsers?: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateId(context.runAsUser, path.child('runAsUser'), errors);
  validateId(context.runAsGroup, path.child('runAsGroup'), errors);
  const { procMount, allowPrivilegeEscalation, privileged, capabilities } = context;
  if (procMount !== undefined) {
    if (procMount !== 'Default' && procMount !== 'Unmasked')
      errors.notSupported(path.child('procMount'), procMount, ['Default', 'Unmasked']);
    if (procMount === 'Unmasked' && spec.hostUsers !== false)
      errors.invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`');
  }
  if (context.seccompProfile) validateSeccomp(context.seccompProfile, path.child('seccompProfile'), errors);
  if (allowPrivilegeEscalation === false) {
    if (privileged)
      errors.invalid(
        path,
        goSecurityContext(context),
        'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      );
    if (capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      errors.invalid(
        path,
        goSecurityContext(context),
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      );
    }
  }
  if (context.windowsOptions) validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  if (context.appArmorProfile) validateAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors);
}

/** The context as upstream prints it: its internal form. */
function goSecurityContext(context: SecurityContext): Record<string, unknown> {
  const { capabilities } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: context.seLinuxOptions ?? null,
    WindowsOptions: context.windowsOptions ?? null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ?? null,
    AppArmorProfile: context.appArmorProfile ?? null,
  };
}

const podLinuxFields = ['hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace'] as const;
const podLinuxSecurity = [
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
  'appArmorProfile',
] as const;
const containerLinuxSecurity = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** What a pod that names its operating system may not say. */
export function validateOs(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const os = spec.os?.name;
  if (os === undefined) return;
  if (os === '') errors.required(path.child('os', 'name'));
  else if (os === 'windows') validateWindowsPod(spec, path, errors);
  else if (os === 'linux') validateLinuxPod(spec, path, errors);
  else errors.notSupported(path.child('os', 'name'), os, ['linux', 'windows']);
}

function* containersOf(spec: PodSpec) {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) yield { list, index, container };
  }
}

function validateLinuxPod(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const text = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions) errors.forbidden(path.child('securityContext', 'windowsOptions'), text);
  for (const { list, index, container } of containersOf(spec)) {
    if (container.securityContext?.windowsOptions)
      errors.forbidden(path.child(list).index(index).child('securityContext', 'windowsOptions'), text);
  }
}

function validateWindowsPod(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const text = 'cannot be set for a windows pod';
  const isSet = (value: unknown) =>
    value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  for (const field of podLinuxFields) if (isSet(spec[field])) errors.forbidden(path.child(field), text);
  for (const field of podLinuxSecurity) {
    if (spec.securityContext?.[field] !== undefined) errors.forbidden(path.child('securityContext', field), text);
  }
  if (spec.resources) errors.forbidden(path.child('resources'), 'may not be set for a windows pod');
  for (const { list, index, container } of containersOf(spec)) {
    for (const field of containerLinuxSecurity) {
      if (container.securityContext?.[field] !== undefined)
        errors.forbidden(path.child(list).index(index).child('securityContext', field), text);
    }
  }
}

/** Host-process pods: all containers or none, without a network of their own. */
export function validateHostProcess(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const podWide = spec.securityContext?.windowsOptions?.hostProcess;
  let yes = 0;
  let no = 0;
  for (const { list, index, container } of containersOf(spec)) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podWide !== undefined && own !== undefined && podWide !== own) {
      errors.invalid(
        path.child(list).index(index).child('securityContext', 'windowsOptions', 'hostProcess'),
        own,
        `pod hostProcess value must be identical if both are specified, was ${podWide}`,
      );
    }
    if (own ?? podWide ?? false) yes += 1;
    else no += 1;
  }
  if (yes === 0) return;
  if (no > 0)
    errors.invalid(
      path,
      '',
      'If pod contains any hostProcess containers then all containers must be HostProcess containers',
    );
  if (!spec.hostNetwork)
    errors.invalid(
      path.child('hostNetwork'),
      spec.hostNetwork ?? false,
      'hostNetwork must be true if pod contains any hostProcess containers',
    );
}

/** A user namespace of its own goes with no other namespace of the host. */
export function validateHostUsers(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.hostUsers !== false) return;
  const text = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.forbidden(path.child('hostNetwork'), text);
  if (spec.hostPID) errors.forbidden(path.child('HostPID'), text);
  if (spec.hostIPC) errors.forbidden(path.child('HostIPC'), text);
}
