/**
 * The environment of a container: services first, then `envFrom` in order, then `env` in order; the later wins.
 * `$(NAME)` in a value sees what was set before it. Pure but for reading ConfigMaps and Secrets.
 */

import { isNotFound } from '../../api/status-error.ts';
import type { EnvVarSource, FileKeySelector } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import { type FieldContext, needsPodIp, readField, readResourceField } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { MountedVolume } from '../volumes/volume-plugin.ts';
import { readEnvironmentFile } from './environment-file.ts';
import { expand } from './expansion.ts';

/** The container cannot be made as it is written; users read the message. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

export interface EnvironmentInput {
  readonly pod: PodObject;
  readonly container: ContainerSpec;
  readonly services: ReadonlyMap<string, string>;
  readonly data: Pick<ReferencedData, 'configMapText' | 'secret'>;
  readonly fields: FieldContext;
  /** By name; those that some container mounts. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
}

/** Whether the sandbox must run before the environment can be known. */
export function environmentNeedsPodIp({ env = [] }: ContainerSpec): boolean {
  return env.some(({ valueFrom }) => needsPodIp(valueFrom?.fieldRef?.fieldPath));
}

export async function computeEnvironment(input: EnvironmentInput): Promise<Map<string, string>> {
  const { pod, container, services, data } = input;
  const namespace = pod.metadata.namespace ?? '';
  const result = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const source = configMapRef
      ? await readAll('configmap', configMapRef, (name) => data.configMapText(namespace, name))
      : await readAll('secret', secretRef, (name) => data.secret(namespace, name));
    for (const [key, value] of source) result.set(prefix + key, value.toString());
  }
  const lookUp = (name: string) => result.get(name) ?? services.get(name);
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = valueFrom ? await readSource(valueFrom, input) : expand(value ?? '', lookUp);
    if (found !== undefined) result.set(name, found);
  }
  return new Map([...services, ...result]);
}

type Optional = { readonly name?: string; readonly optional?: boolean } | undefined;

async function readAll(
  kind: 'configmap' | 'secret',
  reference: Optional,
  read: (name: string) => Promise<ReadonlyMap<string, Buffer>>,
): Promise<ReadonlyMap<string, Buffer>> {
  const { name = '', optional = false } = reference ?? {};
  if (name === '') return new Map();
  try {
    return await read(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (optional) return new Map();
    throw new ContainerConfigError(`${kind} "${name}" not found`);
  }
}

async function readSource(
  source: DeepReadonly<EnvVarSource>,
  { pod, container, data, fields, volumes }: EnvironmentInput,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  if (source.fileKeyRef) return await readFileKey(source.fileKeyRef, volumes);
  const namespace = pod.metadata.namespace ?? '';
  try {
    if (fieldRef) return readField(pod, fieldRef, fields);
    if (resourceFieldRef) return readResourceField(pod, container, resourceFieldRef, fields);
  } catch (error) {
    throw new ContainerConfigError(errorText(error));
  }
  const reference = configMapKeyRef ?? secretKeyRef;
  if (reference === undefined) return '';
  const all = configMapKeyRef
    ? await readAll('configmap', configMapKeyRef, (name) => data.configMapText(namespace, name))
    : await readAll('secret', secretKeyRef, (name) => data.secret(namespace, name));
  const value = all.get(reference.key);
  if (value !== undefined) return value.toString();
  if (reference.optional) return undefined;
  const kind = configMapKeyRef ? 'ConfigMap' : 'Secret';
  throw new ContainerConfigError(`couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name ?? ''}`);
}

/** Only a key may be missing where that is allowed: a file that is not there, or cannot be read, is a mistake. */
async function readFileKey(
  { volumeName, path, key, optional }: DeepReadonly<FileKeySelector>,
  volumes: EnvironmentInput['volumes'],
): Promise<string | undefined> {
  const volume = volumes.get(volumeName);
  if (volume === undefined)
    throw new ContainerConfigError(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  let value: string | undefined;
  try {
    value = await readEnvironmentFile(volume.hostPath, path, key);
  } catch (error) {
    throw new ContainerConfigError("couldn't parse env file", { cause: error });
  }
  if (value) return value;
  if (optional) return undefined;
  throw new ContainerConfigError(`environment variable key "${key}" not found in file "${path}"`);
}
