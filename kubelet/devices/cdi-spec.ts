/**
 * A CDI spec (github.com/cncf-tags/container-device-interface): which devices a vendor's files describe, and what each
 * needs in a container. Written by others, so it is read as values: what is not as it should be is left out. Pure.
 */

import { CORE_SCHEMA, load } from 'js-yaml';
import { isRecord, type JsonRecord, own } from '../../api/json-record.ts';
import type { Device, Mount } from '../runtime/runtime.ts';
import { type HandOver, mergeHandOvers, nothingToHandOver } from './node-device.ts';

export interface CdiDevice {
  /** `vendor.com/class=name`. */
  readonly id: string;
  /** Paths of the device nodes that are this device: two names for one device have the same. */
  readonly nodes: readonly string[];
  /** What a container gets where the engine knows nothing of CDI; undefined: only an engine can do what it needs. */
  readonly handOver: HandOver | undefined;
}

const kindPattern = /^[a-z0-9A-Z][a-z0-9A-Z.-]{0,252}\/[a-zA-Z][a-zA-Z0-9_-]{0,62}$/;
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,62}$/;
/** Devices of a spec, and whatever one of them lists: no machine has more. */
const mostItems = 256;
/** What of a container's edits is more than device nodes, mounts and environment. */
const enginesWork = ['hooks', 'intelRdt', 'additionalGids', 'netDevices'] as const;

/** Throws when the text is no CDI spec at all. */
export function parseCdiSpec(text: string): CdiDevice[] {
  const spec: unknown = load(text, { schema: CORE_SCHEMA });
  const kind = isRecord(spec) ? own(spec, 'kind') : undefined;
  if (!isRecord(spec) || typeof kind !== 'string' || !kindPattern.test(kind))
    throw new Error('it is no CDI spec: kind must be vendor/class');
  const shared = own(spec, 'containerEdits');
  return recordsOf(own(spec, 'devices')).flatMap((device): CdiDevice[] => {
    const name = own(device, 'name');
    if (typeof name !== 'string' || !namePattern.test(name)) return [];
    const edits = own(device, 'containerEdits');
    const both = [handOverOf(shared), handOverOf(edits)].flatMap((one) => one ?? []);
    return [
      {
        id: `${kind}=${name}`,
        nodes: [...new Set(nodesOf(edits).map(({ hostPath }) => hostPath))].sort(),
        handOver: both.length === 2 ? mergeHandOvers(both) : undefined,
      },
    ];
  });
}

/**
 * Vendors give one device several names, and have names for several at once (`all`): whoever counts devices wants each
 * once. The first name of each stays.
 */
export function distinctDevices(devices: readonly CdiDevice[]): CdiDevice[] {
  const byNodes = new Map<string, CdiDevice>();
  for (const device of devices) {
    const key = device.nodes.length === 0 ? device.id : [kindOf(device), ...device.nodes].join('\n');
    if (!byNodes.has(key)) byNodes.set(key, device);
  }
  const each = [...byNodes.values()];
  return each.filter((device) => !isComposite(device, each));
}

/** It is several of the others. */
function isComposite(device: CdiDevice, all: readonly CdiDevice[]): boolean {
  const nodes = new Set(device.nodes);
  const isPart = (other: CdiDevice): boolean =>
    kindOf(other) === kindOf(device) &&
    other.nodes.length > 0 &&
    other.nodes.length < nodes.size &&
    other.nodes.every((node) => nodes.has(node));
  return all.filter(isPart).length > 1;
}

const kindOf = ({ id }: CdiDevice): string => id.slice(0, id.indexOf('='));

/** Undefined: an engine has to do it. */
function handOverOf(edits: unknown): HandOver | undefined {
  if (!isRecord(edits)) return nothingToHandOver;
  const needsEngine = enginesWork.some((name) => {
    const value = own(edits, name);
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
  });
  return needsEngine
    ? undefined
    : { ...nothingToHandOver, devices: nodesOf(edits), mounts: mountsOf(edits), environment: environmentOf(edits) };
}

function nodesOf(edits: unknown): Device[] {
  return recordsOf(isRecord(edits) ? own(edits, 'deviceNodes') : undefined).flatMap((node) => {
    const containerPath = pathOf(node, 'path');
    if (containerPath === undefined) return [];
    const permissions = own(node, 'permissions');
    const hostPath = pathOf(node, 'hostPath') ?? containerPath;
    return [{ hostPath, containerPath, permissions: isPermissions(permissions) ? permissions : 'rwm' }];
  });
}

function mountsOf(edits: JsonRecord): Mount[] {
  return recordsOf(own(edits, 'mounts')).flatMap((mount) => {
    const [hostPath, containerPath] = [pathOf(mount, 'hostPath'), pathOf(mount, 'containerPath')];
    if (hostPath === undefined || containerPath === undefined) return [];
    const options = own(mount, 'options');
    return [{ hostPath, containerPath, readOnly: Array.isArray(options) && options.includes('ro') }];
  });
}

function environmentOf(edits: JsonRecord): Record<string, string> {
  const lines = own(edits, 'env');
  const pairs = (Array.isArray(lines) ? lines.slice(0, mostItems) : []).flatMap((line: unknown) => {
    const at = typeof line === 'string' ? line.indexOf('=') : -1;
    return typeof line === 'string' && at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

const recordsOf = (value: unknown): JsonRecord[] =>
  Array.isArray(value) ? value.slice(0, mostItems).filter(isRecord) : [];

function pathOf(record: JsonRecord, name: string): string | undefined {
  const value = own(record, name);
  return typeof value === 'string' && value.startsWith('/') && !value.includes('\0') ? value : undefined;
}

export const isPermissions = (value: unknown): value is string =>
  typeof value === 'string' && /^[rwm]{1,3}$/.test(value);
