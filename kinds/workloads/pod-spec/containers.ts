/** Containers of a pod: plain, init and ephemeral ones. */

import type {
  Container,
  ContainerPort,
  ContainerRestartRule,
  EphemeralContainer,
  PodSpec,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkDns1123Label, checkPortName, checkPortNumber } from '../../validation/names.ts';
import { validateLocalPath } from '../../validation/paths.ts';
import { validateEnvFrom, validateEnvironment } from './environment.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import { validateResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';

/** What containers refer to in their pod. */
interface PodContext {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly emptyDirs: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];

export function validateAllContainers(
  spec: PodSpec,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const context: PodContext = {
    spec,
    volumes,
    emptyDirs: new Set((spec.volumes ?? []).filter((volume) => volume.emptyDir).map(({ name }) => name)),
    claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
  };
  validatePlainContainers(spec.containers, context, path.child('containers'), errors);
  validateInitContainers(spec.initContainers ?? [], context, path.child('initContainers'), errors);
  validateEphemeralContainers(spec.ephemeralContainers ?? [], context, path.child('ephemeralContainers'), errors);
}

function validatePlainContainers(
  containers: readonly Container[],
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (containers.length === 0) {
    errors.required(path);
    return;
  }
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const place = path.index(index);
    validateCommon(container, context, place, errors);
    if (names.has(container.name)) errors.duplicate(place.child('name'), container.name);
    names.add(container.name);
    const handlers = { gracePeriodSeconds: context.spec.terminationGracePeriodSeconds };
    if (container.lifecycle) {
      const os = context.spec.os?.name;
      validateLifecycle(container.lifecycle, { ...handlers, os }, place.child('lifecycle'), errors);
    }
    validateProbes(container, handlers, place, errors);
    validateRestartRules(container, place, errors);
  }
  validateHostPortConflicts(containers, path, errors);
}

function validateInitContainers(
  containers: readonly Container[],
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set(context.spec.containers.map(({ name }) => name));
  const notForInit = 'may not be set for init containers without restartPolicy=Always';
  for (const [index, container] of containers.entries()) {
    const place = path.index(index);
    validateCommon(container, context, place, errors);
    const isSidecar = container.restartPolicy === 'Always';
    if (container.name !== '' && names.has(container.name)) errors.duplicate(place.child('name'), container.name);
    names.add(container.name);
    validateHostPortConflicts([container], undefined, errors, place);
    const handlers = { gracePeriodSeconds: context.spec.terminationGracePeriodSeconds };
    if (isSidecar) {
      const os = context.spec.os?.name;
      if (container.lifecycle)
        validateLifecycle(container.lifecycle, { ...handlers, os }, place.child('lifecycle'), errors);
      validateProbes(container, handlers, place, errors);
    } else {
      for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
        if (container[field]) errors.forbidden(place.child(field), notForInit);
      }
    }
    validateRestartRules(container, place, errors);
  }
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];

function validateRestartRules(
  { restartPolicy, restartPolicyRules = [] }: Container,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (restartPolicy !== undefined && !restartPolicies.includes(restartPolicy))
    errors.notSupported(path.child('restartPolicy'), restartPolicy, restartPolicies);
  if (restartPolicyRules.length > 0 && restartPolicy === undefined)
    errors.required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used');
  if (restartPolicyRules.length > 20) errors.tooMany(path.child('restartPolicyRules'), restartPolicyRules.length, 20);
  for (const [index, rule] of restartPolicyRules.entries())
    validateRestartRule(rule, path.child('restartPolicyRules').index(index), errors);
}

const ruleActions = ['Restart', 'RestartAllContainers'];
const maxExitCodes = 255;

function validateRestartRule({ action, exitCodes }: ContainerRestartRule, path: FieldPath, errors: FieldErrors): void {
  if (!ruleActions.includes(action)) errors.notSupported(path.child('action'), action, ruleActions);
  if (!exitCodes) {
    errors.required(path.child('exitCodes'), 'must be specified');
    return;
  }
  const operators = ['In', 'NotIn'];
  const { operator, values = [] } = exitCodes;
  const place = path.child('exitCodes');
  if (!operators.includes(operator)) errors.notSupported(place.child('operator'), operator, operators);
  if (values.length > maxExitCodes) errors.tooMany(place.child('values'), values.length, maxExitCodes);
}

/** What all kinds of containers are asked. */
function validateCommon(
  container: Container | EphemeralContainer,
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { name, image = '' } = container;
  if (name === '') errors.required(path.child('name'));
  else for (const message of checkDns1123Label(name)) errors.invalid(path.child('name'), name, message);
  if (image === '') errors.required(path.child('image'));
  else if (image.trim() !== image)
    errors.invalid(path.child('image'), image, 'must not have leading or trailing whitespace');
  const { terminationMessagePolicy = '', imagePullPolicy = '' } = container;
  if (!messagePolicies.includes(terminationMessagePolicy)) {
    if (terminationMessagePolicy === '') errors.required(path.child('terminationMessagePolicy'));
    else errors.notSupported(path.child('terminationMessagePolicy'), terminationMessagePolicy, messagePolicies);
  }
  validatePorts(container.ports ?? [], context.spec, path.child('ports'), errors);
  validateEnvironment(container.env ?? [], context, path.child('env'), errors);
  validateEnvFrom(container.envFrom ?? [], path.child('envFrom'), errors);
  validateMounts(container, context, path, errors);
  if (!pullPolicies.includes(imagePullPolicy)) {
    if (imagePullPolicy === '') errors.required(path.child('imagePullPolicy'));
    else errors.notSupported(path.child('imagePullPolicy'), imagePullPolicy, pullPolicies);
  }
  validateResources(container.resources, context, path.child('resources'), errors);
  validateResizePolicy(container, context.spec, path.child('resizePolicy'), errors);
  if (container.securityContext)
    validateContainerSecurity(container.securityContext, context.spec, path.child('securityContext'), errors);
}

const protocols = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly ContainerPort[], spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const place = path.index(index);
    const { name = '', containerPort, hostPort = 0, protocol = '' } = port;
    if (name !== '') {
      const found = checkPortName(name);
      for (const message of found) errors.invalid(place.child('name'), name, message);
      if (found.length === 0 && names.has(name)) errors.duplicate(place.child('name'), name);
      names.add(name);
    }
    if (containerPort === 0) errors.required(place.child('containerPort'));
    else
      for (const message of checkPortNumber(containerPort))
        errors.invalid(place.child('containerPort'), containerPort, message);
    if (hostPort !== 0)
      for (const message of checkPortNumber(hostPort)) errors.invalid(place.child('hostPort'), hostPort, message);
    if (protocol === '') errors.required(place.child('protocol'));
    else if (!protocols.includes(protocol)) errors.notSupported(place.child('protocol'), protocol, protocols);
    if (spec.hostNetwork && hostPort !== 0 && hostPort !== containerPort)
      errors.invalid(place.child('hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true');
  }
}

/** One address of the host serves one container. `single` is the place of a container that stands for itself. */
function validateHostPortConflicts(
  containers: readonly Container[],
  path: FieldPath | undefined,
  errors: FieldErrors,
  single?: FieldPath,
): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const place = single ?? path?.index(index);
    for (const [n, { hostPort = 0, protocol = '', hostIP = '' }] of (container.ports ?? []).entries()) {
      if (hostPort === 0 || !place) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.duplicate(place.child('ports').index(n).child('hostPort'), key);
      taken.add(key);
    }
  }
}

function validateMounts(
  container: Pick<Container, 'volumeMounts' | 'volumeDevices' | 'securityContext'>,
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const mounts = container.volumeMounts ?? [];
  const devices = container.volumeDevices ?? [];
  const mountPaths = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const place = path.child('volumeMounts').index(index);
    validateMount(mount, { ...context, devices, container, mountPaths }, place, errors);
    mountPaths.add(mount.mountPath);
  }
  validateDevices(devices, mounts, context, path.child('volumeDevices'), errors);
}

interface MountContext extends PodContext {
  readonly devices: readonly VolumeDevice[];
  readonly container: Pick<Container, 'securityContext'>;
  readonly mountPaths: ReadonlySet<string>;
}

function validateMount(mount: VolumeMount, context: MountContext, path: FieldPath, errors: FieldErrors): void {
  const { name, mountPath, subPath = '', subPathExpr = '' } = mount;
  if (name === '') errors.required(path.child('name'));
  if (!context.volumes.has(name)) errors.notFound(path.child('name'), name);
  if (mountPath === '') errors.required(path.child('mountPath'));
  if (context.mountPaths.has(mountPath)) errors.invalid(path.child('mountPath'), mountPath, 'must be unique');
  if (context.devices.some((device) => device.name === name))
    errors.invalid(path.child('name'), name, 'must not already exist in volumeDevices');
  if (context.devices.some((device) => device.devicePath === mountPath))
    errors.invalid(path.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices');
  // Upstream names the list, not the mount, for paths that lead out of the volume.
  const list = path.withoutIndex();
  if (subPath !== '') validateLocalPath(subPath, list.child('subPath'), errors);
  if (subPathExpr !== '') {
    if (subPath !== '')
      errors.invalid(path.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive');
    validateLocalPath(subPathExpr, list.child('subPathExpr'), errors);
  }
  validatePropagation(mount, context, path, errors);
}

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveModes = ['Disabled', 'Enabled', 'IfPossible'];

function validatePropagation(mount: VolumeMount, context: MountContext, path: FieldPath, errors: FieldErrors): void {
  const { mountPropagation: propagation, recursiveReadOnly, readOnly } = mount;
  if (propagation !== undefined) {
    const place = path.child('mountPropagation');
    if (!propagations.includes(propagation)) errors.notSupported(place, propagation, propagations);
    if (propagation === 'Bidirectional' && context.container.securityContext?.privileged !== true)
      errors.forbidden(place, 'Bidirectional mount propagation is available only to privileged containers');
  }
  if (recursiveReadOnly === undefined) return;
  const place = path.child('recursiveReadOnly');
  if (!recursiveModes.includes(recursiveReadOnly)) errors.notSupported(place, recursiveReadOnly, recursiveModes);
  else if (recursiveReadOnly !== 'Disabled') {
    if (!readOnly) errors.forbidden(place, 'may only be specified when readOnly is true');
    if (propagation !== undefined && propagation !== 'None')
      errors.forbidden(place, 'may only be specified when mountPropagation is None or not specified');
  }
}

function validateDevices(
  devices: readonly VolumeDevice[],
  mounts: readonly VolumeMount[],
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const paths = new Set<string>();
  const names = new Set<string>();
  for (const [index, { name, devicePath }] of devices.entries()) {
    const place = path.index(index);
    const volume = context.volumes.get(name);
    if (name === '') errors.required(place.child('name'));
    if (names.has(name)) errors.invalid(place.child('name'), name, 'must be unique');
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.invalid(place.child('name'), name, text);
    }
    if (!volume) errors.notFound(place.child('name'), name);
    if (devicePath === '') errors.required(place.child('devicePath'));
    if (paths.has(devicePath)) errors.invalid(place.child('devicePath'), devicePath, 'must be unique');
    if (devicePath !== '' && devicePath.split('/').includes('..'))
      errors.invalid(place.child('devicePath'), devicePath, "can not contain backsteps ('..')");
    else {
      if (mounts.some(({ mountPath }) => mountPath === devicePath))
        errors.invalid(place.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts');
      if (mounts.some((mount) => mount.name === name))
        errors.invalid(place.child('name'), name, 'must not already exist in volumeMounts');
    }
    if (devicePath !== '') paths.add(devicePath);
    if (name !== '') names.add(name);
  }
}

const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

function validateResizePolicy(
  container: Pick<Container, 'resizePolicy'>,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    // Upstream gives items of this list no index, duplicates apart.
    if (seen.has(resourceName)) errors.duplicate(path.index(index), resourceName);
    seen.add(resourceName);
    if (resourceName === '') errors.required(path);
    else if (!resizable.includes(resourceName)) errors.notSupported(path, resourceName, resizable);
    if (restartPolicy === '') errors.required(path);
    else if (!resizePolicies.includes(restartPolicy)) errors.notSupported(path, restartPolicy, resizePolicies);
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}

/** Fields an ephemeral container may have: it comes into a running pod and cannot change what it is given. */
const forbiddenForEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function validateEphemeralContainers(
  containers: readonly EphemeralContainer[],
  context: PodContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  const others = new Set([...context.spec.containers, ...(context.spec.initContainers ?? [])].map(({ name }) => name));
  for (const [index, container] of containers.entries()) {
    const place = path.index(index);
    validateCommon(container, context, place, errors);
    const { name, targetContainerName } = container;
    if (name !== '' && (names.has(name) || others.has(name))) errors.duplicate(place.child('name'), name);
    names.add(name);
    if (targetContainerName && !others.has(targetContainerName))
      errors.notFound(place.child('targetContainerName'), targetContainerName);
    for (const field of forbiddenForEphemeral) {
      const value: unknown = Reflect.get(container, field);
      const handler = field.endsWith('Probe') || field === 'lifecycle';
      if (handler ? value !== undefined : isSet(value))
        errors.forbidden(place.child(field), 'cannot be set for an Ephemeral Container');
    }
    for (const [n, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if (mount[field])
          errors.forbidden(
            place.child('volumeMounts').index(n).child(field),
            'cannot be set for an Ephemeral Container',
          );
      }
    }
  }
}
