/**
 * The file of `--encryption-provider-config`, in upstream's form: `EncryptionConfiguration` of `apiserver.config.k8s.io/v1`.
 * Pure: text to data, with a sentence for what is wrong in it. No sentence shows a key.
 */

import yaml from 'js-yaml';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { UserError } from '../../base/user-error.ts';

export const localProviders = ['aesgcm', 'aescbc', 'secretbox'] as const;
export type LocalProvider = (typeof localProviders)[number];

export interface EncryptionKey {
  readonly name: string;
  readonly secret: Buffer;
}

export interface KmsProvider {
  readonly type: 'kms';
  readonly name: string;
  /** `unix:///run/kms.sock` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

export type Provider =
  | { readonly type: LocalProvider; readonly keys: readonly [EncryptionKey, ...EncryptionKey[]] }
  | KmsProvider
  | { readonly type: 'identity' };

export interface EncryptionRule {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.` (the core group), `*.*`. */
  readonly resources: readonly [string, ...string[]];
  /** The first writes. */
  readonly providers: readonly [Provider, ...Provider[]];
}

/** The first rule that names a resource is its own. */
export interface EncryptionConfiguration {
  readonly rules: readonly EncryptionRule[];
}

export const configurationKind = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' };

const keyLengths: Readonly<Record<LocalProvider, readonly number[]>> = {
  aesgcm: [16, 24, 32],
  aescbc: [16, 24, 32],
  secretbox: [32],
};
const defaultTimeoutMs = 3_000;
/** A unix socket's path, or one in the abstract namespace (`unix:///@name`). */
const endpointForm = /^unix:\/\/\/.+$/;

/** `file` names it in sentences. Throws `UserError`. */
export function parseEncryptionConfiguration(text: string, file: string): EncryptionConfiguration {
  const refuse = (path: string, why: string): never => {
    throw new UserError(`${file}${path === '' ? '' : `: ${path}`}: ${why}`);
  };
  return new Reader(refuse).configuration(load(text, refuse));
}

type Refuse = (path: string, why: string) => never;

function load(text: string, refuse: Refuse): unknown {
  try {
    return yaml.load(text, { schema: yaml.JSON_SCHEMA });
  } catch (error) {
    // What else it says quotes the file, which holds keys.
    const reason = error instanceof yaml.YAMLException ? `${error.reason} (line ${error.mark.line + 1})` : 'unreadable';
    return refuse('', `is no YAML: ${reason}`);
  }
}

class Reader {
  readonly #refuse: Refuse;
  readonly #kmsNames = new Set<string>();

  constructor(refuse: Refuse) {
    this.#refuse = refuse;
  }

  configuration(value: unknown): EncryptionConfiguration {
    const root = this.#record(value, '', ['apiVersion', 'kind', 'resources']);
    const { apiVersion, kind } = configurationKind;
    if (root.apiVersion !== apiVersion || root.kind !== kind) {
      this.#refuse('', `must be of apiVersion ${apiVersion} and kind ${kind}`);
    }
    const rules = this.#list(root.resources, 'resources').map((one, index) => this.#rule(one, `resources[${index}]`));
    return { rules };
  }

  #rule(value: unknown, path: string): EncryptionRule {
    const rule = this.#record(value, path, ['resources', 'providers']);
    const resources = this.#list(rule.resources, `${path}.resources`).map((one, index) =>
      this.#resource(one, `${path}.resources[${index}]`),
    );
    this.#refuseMasked(resources, `${path}.resources`);
    const providers = this.#list(rule.providers, `${path}.providers`).map((one, index) =>
      this.#provider(one, `${path}.providers[${index}]`),
    );
    return {
      resources: this.#some(resources, `${path}.resources`),
      providers: this.#some(providers, `${path}.providers`),
    };
  }

  #resource(value: unknown, path: string): string {
    const name = this.#text(value, path);
    if (name !== name.toLowerCase()) this.#refuse(path, 'resources are written in small letters');
    if (name === '*') this.#refuse(path, '"*." means all resources of the core group, "*.*" all there are');
    const [resource = '', group = ''] = splitAtDot(name);
    if (resource.includes('/')) this.#refuse(path, 'a subresource is stored with its resource: name that');
    if (resource.includes('*') && resource !== '*') this.#refuse(path, 'a star stands for a whole name');
    if (group.includes('*') && group !== '*') this.#refuse(path, 'a star stands for a whole group');
    if (group === '*' && resource !== '*') this.#refuse(path, 'one resource cannot be named in all groups');
    if (group === 'events.k8s.io') this.#refuse(path, 'these are stored as "events" of the core group: name that');
    if (group === 'extensions') this.#refuse(path, 'there is no such group any more');
    return name;
  }

  /** What another entry of the same list covers would never be looked at. */
  #refuseMasked(names: readonly string[], path: string): void {
    for (const [index, name] of names.entries()) {
      const others = names.filter((_, at) => at !== index);
      if (others.includes(name)) this.#refuse(`${path}[${index}]`, `${name} is named twice`);
      const group = splitAtDot(name)[1] ?? '';
      const masking = others.find((other) => other === '*.*' || (other === `*.${group}` && other !== name));
      if (masking !== undefined) this.#refuse(`${path}[${index}]`, `${masking}, in the same list, covers it`);
    }
  }

  #provider(value: unknown, path: string): Provider {
    const provider = this.#record(value, path, [...localProviders, 'kms', 'identity']);
    const names = Object.keys(provider);
    const [name] = names;
    if (name === undefined || names.length > 1) return this.#refuse(path, 'must name exactly one provider');
    if (name === 'identity') {
      this.#record(provider.identity ?? {}, `${path}.identity`, []);
      return { type: 'identity' };
    }
    if (name === 'kms') return this.#kms(provider.kms, `${path}.kms`);
    const type = localProviders.find((one) => one === name);
    return type === undefined
      ? this.#refuse(path, `unknown provider ${name}`)
      : this.#local(type, provider[type], path);
  }

  #local(type: LocalProvider, value: unknown, path: string): Provider {
    const at = `${path}.${type}`;
    const { keys } = this.#record(value, at, ['keys']);
    const read = this.#list(keys, `${at}.keys`).map((one, index) => this.#key(type, one, `${at}.keys[${index}]`));
    for (const [index, { name }] of read.entries()) {
      if (read.findIndex((one) => one.name === name) !== index)
        this.#refuse(`${at}.keys[${index}].name`, 'is there twice');
    }
    return { type, keys: this.#some(read, `${at}.keys`) };
  }

  #key(type: LocalProvider, value: unknown, path: string): EncryptionKey {
    const key = this.#record(value, path, ['name', 'secret']);
    const name = this.#text(key.name, `${path}.name`);
    if (name.includes(':')) this.#refuse(`${path}.name`, 'must not contain ":"');
    const text = this.#text(key.secret, `${path}.secret`);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) this.#refuse(`${path}.secret`, 'must be base64');
    const secret = Buffer.from(text, 'base64');
    const lengths = keyLengths[type];
    if (!lengths.includes(secret.length)) {
      this.#refuse(`${path}.secret`, `must have ${lengths.join(', ')} bytes, not ${secret.length}`);
    }
    return { name, secret };
  }

  #kms(value: unknown, path: string): KmsProvider {
    const kms = this.#record(value, path, ['apiVersion', 'name', 'endpoint', 'timeout', 'cachesize']);
    if (kms.apiVersion !== 'v2') this.#refuse(`${path}.apiVersion`, 'only v2 is supported; v1 has ended');
    if (kms.cachesize !== undefined) this.#refuse(`${path}.cachesize`, 'is not for v2');
    const name = this.#text(kms.name, `${path}.name`);
    if (name.includes(':')) this.#refuse(`${path}.name`, 'must not contain ":"');
    if (this.#kmsNames.has(name)) this.#refuse(`${path}.name`, 'another provider has this name');
    this.#kmsNames.add(name);
    const endpoint = this.#text(kms.endpoint, `${path}.endpoint`);
    if (!endpointForm.test(endpoint)) this.#refuse(`${path}.endpoint`, 'must be a unix socket: unix:///run/kms.sock');
    const timeoutMs =
      kms.timeout === undefined ? defaultTimeoutMs : parseGoDuration(this.#text(kms.timeout, `${path}.timeout`));
    if (timeoutMs === undefined || timeoutMs <= 0) return this.#refuse(`${path}.timeout`, 'must be a time such as 3s');
    return { type: 'kms', name, endpoint, timeoutMs };
  }

  #record(value: unknown, path: string, fields: readonly string[]): JsonRecord {
    if (!isRecord(value)) return this.#refuse(path, 'must be a map');
    const unknown = Object.keys(value).find((field) => !fields.includes(field));
    if (unknown !== undefined) this.#refuse(path === '' ? unknown : `${path}.${unknown}`, 'unknown field');
    return value;
  }

  #list(value: unknown, path: string): readonly unknown[] {
    return Array.isArray(value) && value.length > 0 ? value : this.#refuse(path, 'must be a list of at least one');
  }

  #text(value: unknown, path: string): string {
    return typeof value === 'string' && value !== '' ? value : this.#refuse(path, 'must be a text');
  }

  #some<T>([first, ...rest]: readonly T[], path: string): readonly [T, ...T[]] {
    return first === undefined ? this.#refuse(path, 'must be a list of at least one') : [first, ...rest];
  }
}

/** `deployments.apps` → the resource and its group; a resource alone is of the core group. */
export function splitAtDot(name: string): readonly [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** Whether a rule's resource means this one. */
export function isResourceNamed(
  name: string,
  { group, plural }: { readonly group: string; readonly plural: string },
): boolean {
  if (name === '*.*') return true;
  const [resource, named] = splitAtDot(name);
  return named === group && (resource === '*' || resource === plural);
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** `1m30s` → 90000; undefined for what is no duration. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  return parts.reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
}
