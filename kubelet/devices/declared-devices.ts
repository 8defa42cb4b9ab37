/**
 * The file in which the administrator of a node declares devices: nodes of the host, CDI devices, and those of the
 * engine's drivers, with what the cluster shall know of them. Pure.
 */

import { CORE_SCHEMA, load } from 'js-yaml';
import { ConfigurationErrors, Fields } from '../../api/configuration-fields.ts';
import { errorText } from '../../base/error-text.ts';
import type { Device, DeviceRequest } from '../runtime/runtime.ts';
import { isPermissions } from './cdi-spec.ts';
import { readAttributes, readCapacity } from './declared-values.ts';
import { type NodeDevice, nothingToHandOver } from './node-device.ts';
import { gpuCapabilities, nvidiaDriver } from './nvidia-gpus.ts';

const apiVersion = 'kubelet.longshore.dev/v1';
const kind = 'NodeDevices';
/** As many as a ResourceSlice has at most, several times over. */
const mostDevices = 1_024;

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const resourceName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const cdiId = /^[^/=\s]+\/[^/=\s]+=[^/=\s]+$/;

export class DeclaredDevicesError extends Error {
  override readonly name = 'DeclaredDevicesError';
}

/** Throws `DeclaredDevicesError` that names every field which is not as it should be; then none of them counts. */
export function parseDeclaredDevices(text: string): NodeDevice[] {
  const errors = new ConfigurationErrors();
  const root = new Fields(documentOf(text), '', errors).allow('apiVersion', 'kind', 'devices');
  if (root.text('apiVersion') !== apiVersion)
    errors.invalid('apiVersion', root.value('apiVersion'), `must be ${apiVersion}`);
  if (root.text('kind') !== kind) errors.invalid('kind', root.value('kind'), `must be ${kind}`);
  const devices = root.list('devices').slice(0, mostDevices).flatMap(readEntry);
  const names = new Set<string>();
  for (const { name } of devices) {
    if (names.has(name)) errors.duplicate('devices', name);
    names.add(name);
  }
  if (devices.length > mostDevices) errors.invalid('devices', devices.length, `must be ${mostDevices} at most`);
  if (errors.lines.length > 0) throw new DeclaredDevicesError(errors.lines.join('; '));
  return devices;
}

function documentOf(text: string): unknown {
  try {
    return load(text, { schema: CORE_SCHEMA });
  } catch (error) {
    throw new DeclaredDevicesError(errorText(error).split('\n')[0], { cause: error });
  }
}

/** With a count: so many devices, numbered from 0. */
function readEntry(fields: Fields): NodeDevice[] {
  fields.allow(
    ...['name', 'count', 'nodes', 'cdi', 'engine', 'environment'],
    ...['attributes', 'capacity', 'shared', 'extendedResource'],
  );
  const name = named(fields, 'name', label, 'must be a DNS label') ?? '';
  if (!fields.has('name')) fields.errors.required(fields.pathOf('name'));
  const count = fields.integer('count', { from: 1, to: mostDevices, detail: `must be from 1 to ${mostDevices}` });
  const extendedResource = named(fields, 'extendedResource', resourceName, 'must be a name with a domain');
  if (extendedResource !== undefined && fields.flag('shared') === true)
    fields.errors.forbidden(fields.pathOf('shared'), 'an extended resource is counted by whole devices');
  const device = {
    attributes: readAttributes(fields.record('attributes')),
    capacity: readCapacity(fields.record('capacity')),
    isShared: fields.flag('shared') ?? false,
    ...(extendedResource !== undefined && { extendedResource }),
    handOver: {
      ...nothingToHandOver,
      devices: fields.list('nodes').flatMap(readNode),
      deviceRequests: [...readCdi(fields), ...readEngineRequest(fields.record('engine'))],
      environment: readEnvironment(fields.record('environment')),
    },
  };
  if (count === undefined) return [{ name, ...device }];
  return Array.from({ length: Math.min(count, mostDevices) }, (_, i) => ({ name: `${name}-${i}`, ...device }));
}

function named(fields: Fields, name: string, pattern: RegExp, detail: string): string | undefined {
  const text = fields.text(name);
  if (text !== undefined && !pattern.test(text)) fields.errors.invalid(fields.pathOf(name), text, detail);
  return text;
}

function readNode(fields: Fields): Device[] {
  fields.allow('path', 'containerPath', 'permissions');
  const hostPath = named(fields, 'path', /^\/[^\0]+$/, 'must be an absolute path');
  const containerPath = named(fields, 'containerPath', /^\/[^\0]+$/, 'must be an absolute path');
  const permissions = fields.text('permissions') ?? 'rwm';
  if (!isPermissions(permissions))
    fields.errors.invalid(fields.pathOf('permissions'), permissions, 'must be some of r, w and m');
  if (hostPath === undefined) {
    fields.errors.required(fields.pathOf('path'));
    return [];
  }
  return [{ hostPath, containerPath: containerPath ?? hostPath, permissions }];
}

function readCdi(fields: Fields): DeviceRequest[] {
  const ids = fields.texts('cdi');
  for (const [i, id] of ids.entries())
    if (!cdiId.test(id)) fields.errors.invalid(`${fields.pathOf('cdi')}[${i}]`, id, 'must be vendor/class=name');
  return ids.length === 0 ? [] : [{ driver: 'cdi', ids, capabilities: [] }];
}

function readEngineRequest(fields: Fields | undefined): DeviceRequest[] {
  if (fields === undefined) return [];
  fields.allow('driver', 'ids', 'capabilities');
  const ids = fields.texts('ids');
  if (ids.length === 0) fields.errors.required(fields.pathOf('ids'));
  const capabilities = fields.has('capabilities') ? fields.texts('capabilities') : gpuCapabilities;
  return [{ driver: fields.text('driver') ?? nvidiaDriver, ids, capabilities }];
}

function readEnvironment(fields: Fields | undefined): Record<string, string> {
  const pairs = (fields?.names ?? []).flatMap((name) => {
    const value = fields?.text(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}
