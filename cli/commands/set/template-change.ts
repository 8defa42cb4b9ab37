/**
 * Changes of a pod's specification, wherever an object has it: `set image`, `set env`, `set resources`,
 * `set serviceaccount`. Pure.
 */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Container, EnvVar, PodSpec } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';

/** The fields on the way to an object's pod specification; undefined: it has none. */
export function pathToPodSpec({ spec }: KubernetesObject & { spec?: unknown }): string[] | undefined {
  if (!isRecord(spec)) return undefined;
  if (Array.isArray(spec.containers)) return ['spec'];
  if (isRecord(spec.jobTemplate)) return ['spec', 'jobTemplate', 'spec', 'template', 'spec'];
  return isRecord(spec.template) ? ['spec', 'template', 'spec'] : undefined;
}

export function podSpecAt(object: unknown, path: readonly string[]): PodSpec | undefined {
  const found = path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), object);
  return isPodSpec(found) ? found : undefined;
}

const isPodSpec = (value: unknown): value is PodSpec => isRecord(value) && Array.isArray(value.containers);

/** A patch that sets only what is at `path`. */
export const patchAt = (path: readonly string[], value: JsonRecord): JsonRecord =>
  path.reduceRight<JsonRecord>((inner, name) => ({ [name]: inner }), value);

/** The object with `value` at `path`. */
export function withAt<T extends object>(object: T, [name, ...rest]: readonly string[], value: JsonRecord): T {
  if (name === undefined) return { ...object, ...value };
  const child: unknown = Reflect.get(object, name);
  return { ...object, [name]: withAt(isRecord(child) ? child : {}, rest, value) };
}

/** A pattern of container names: `*` stands for anything. */
export function chooses(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Whether a pattern means any container. */
export const hasContainer = (spec: PodSpec, pattern: string): boolean =>
  containersOf(spec).some(({ name }) => chooses(pattern, name));

const containersOf = ({ containers, initContainers = [] }: PodSpec): Container[] => [...initContainers, ...containers];

/** `images`: container name, or `*` for all, to image. */
export function setImages(spec: PodSpec, images: ReadonlyMap<string, string>): PodSpec {
  for (const name of images.keys())
    if (name !== '*' && !containersOf(spec).some((container) => container.name === name))
      throw new UserError(`error: unable to find container named "${name}"`);
  return eachContainer(spec, '*', (container) => {
    const image = images.get(container.name) ?? images.get('*');
    return image === undefined ? container : { ...container, image };
  });
}

export interface Quantities {
  readonly limits: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, string>>;
}

export function setResources(spec: PodSpec, pattern: string, { limits, requests }: Quantities): PodSpec {
  if (!hasContainer(spec, pattern)) throw new UserError(`error: unable to find container named ${pattern}`);
  return eachContainer(spec, pattern, (container) => {
    const { resources } = container;
    const next = {
      ...resources,
      ...(Object.keys(limits).length > 0 && { limits: { ...resources?.limits, ...limits } }),
      ...(Object.keys(requests).length > 0 && { requests: { ...resources?.requests, ...requests } }),
    };
    return { ...container, resources: next };
  });
}

export interface EnvChange {
  readonly set: readonly EnvVar[];
  readonly remove: ReadonlySet<string>;
  /** Whether a variable that has another value may be changed. */
  readonly overwrite: boolean;
}

/** `title` is for messages: `deployments/web`. */
export function setEnv(spec: PodSpec, pattern: string, change: EnvChange, title: string): PodSpec {
  return eachContainer(spec, pattern, (container) => ({
    ...container,
    env: changedEnv(container.env ?? [], change, title),
  }));
}

function changedEnv(before: readonly EnvVar[], { set, remove, overwrite }: EnvChange, title: string): EnvVar[] {
  const wanted = new Map(set.map((variable) => [variable.name, variable]));
  const lost = before.find(({ name, value }) => wanted.has(name) && wanted.get(name)?.value !== value);
  if (lost !== undefined && !overwrite)
    throw new UserError(
      `error: ${title} '${lost.name}' already has a value (${lost.value ?? ''}), and --overwrite is false`,
    );
  const kept = before.filter(({ name }) => !remove.has(name)).map((variable) => wanted.get(variable.name) ?? variable);
  const known = new Set(before.map(({ name }) => name));
  return [...kept, ...[...wanted.values()].filter(({ name }) => !known.has(name))];
}

function eachContainer(spec: PodSpec, pattern: string, changed: (container: Container) => Container): PodSpec {
  const apply = (container: Container) => (chooses(pattern, container.name) ? changed(container) : container);
  return {
    ...spec,
    containers: spec.containers.map(apply),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(apply) }),
  };
}
