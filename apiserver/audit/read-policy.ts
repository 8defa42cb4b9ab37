/** Reads a policy file (YAML or JSON). What it does not understand it refuses: a rule that is misread writes too much or too little. */

import { load } from 'js-yaml';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { type AuditPolicy, type GroupResources, levels, type PolicyRule, stages } from './audit-policy.ts';

/** `text` is the file's; `name` is told in errors. Throws UserError. */
export function readPolicy(text: string, name: string): AuditPolicy {
  const reader = new Reader(name);
  const root = reader.record(reader.parse(text), '');
  const { apiVersion, kind } = root;
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
    reader.refuse(`must be apiVersion audit.k8s.io/v1, kind Policy: is ${apiVersion}, ${kind}`);
  reader.onlyFields(root, ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'], '');
  const rules = reader.list(root, 'rules', '');
  if (rules.length === 0) reader.refuse('rules: Required value: a policy without rules writes nothing down');
  return {
    rules: rules.map((rule, index) => readRule(reader, rule, `rules[${index}]`)),
    omitStages: reader.choices(root, 'omitStages', stages, ''),
    omitManagedFields: reader.flag(root, 'omitManagedFields', '') ?? false,
  };
}

const ruleFields = [
  ...['level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs'],
  ...['omitStages', 'omitManagedFields'],
];

function readRule(reader: Reader, value: unknown, at: string): PolicyRule {
  const rule = reader.record(value, at);
  reader.onlyFields(rule, ruleFields, at);
  const [level] = reader.choices({ level: [rule.level] }, 'level', levels, at);
  if (level === undefined) return reader.refuse(`${at}.level: Required value`);
  const read: PolicyRule = {
    level,
    users: reader.texts(rule, 'users', at),
    userGroups: reader.texts(rule, 'userGroups', at),
    verbs: reader.texts(rule, 'verbs', at),
    resources: reader
      .list(rule, 'resources', at)
      .map((one, index) => readResources(reader, one, `${at}.resources[${index}]`)),
    namespaces: reader.texts(rule, 'namespaces', at),
    nonResourceURLs: reader.texts(rule, 'nonResourceURLs', at),
    omitStages: reader.choices(rule, 'omitStages', stages, at),
    omitManagedFields: reader.flag(rule, 'omitManagedFields', at),
  };
  if (read.nonResourceURLs.length > 0 && read.resources.length + read.namespaces.length > 0)
    reader.refuse(`${at}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`);
  for (const [index, url] of read.nonResourceURLs.entries()) checkUrl(reader, url, `${at}.nonResourceURLs[${index}]`);
  return read;
}

function checkUrl(reader: Reader, url: string, at: string): void {
  if (url !== '*' && !url.startsWith('/'))
    reader.refuse(`${at}: Invalid value: "${url}": must begin with a '/' character`);
  if (url.slice(0, -1).includes('*'))
    reader.refuse(
      `${at}: Invalid value: "${url}": non-resource URL wildcards '*' must be the final character of the rule`,
    );
}

function readResources(reader: Reader, value: unknown, at: string): GroupResources {
  const named = reader.record(value, at);
  reader.onlyFields(named, ['group', 'resources', 'resourceNames'], at);
  const read = {
    group: reader.text(named, 'group', at) ?? '',
    resources: reader.texts(named, 'resources', at),
    resourceNames: reader.texts(named, 'resourceNames', at),
  };
  if (read.group.includes('/'))
    reader.refuse(`${at}.group: Invalid value: "${read.group}": must be an API group, without a version`);
  if (read.resourceNames.length > 0 && read.resources.length === 0)
    reader.refuse(`${at}.resourceNames: using resourceNames requires at least one resource`);
  return read;
}

class Reader {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  refuse(why: string): never {
    throw new UserError(`${this.#name}: ${why}`);
  }

  parse(text: string): unknown {
    try {
      return load(text);
    } catch (error) {
      return this.refuse(`neither YAML nor JSON: ${errorText(error)}`);
    }
  }

  record(value: unknown, at: string): JsonRecord {
    return isRecord(value) ? value : this.refuse(`${at || 'the file'}: must be an object`);
  }

  onlyFields(record: JsonRecord, known: readonly string[], at: string): void {
    const unknown = Object.keys(record).find((field) => !known.includes(field));
    if (unknown !== undefined) this.refuse(`unknown field "${at ? `${at}.` : ''}${unknown}"`);
  }

  list(record: JsonRecord, field: string, at: string): readonly unknown[] {
    const value = record[field] ?? [];
    return Array.isArray(value) ? value : this.refuse(`${pathOf(at, field)}: must be a list`);
  }

  texts(record: JsonRecord, field: string, at: string): string[] {
    return this.list(record, field, at).map((value, index) =>
      typeof value === 'string' ? value : this.refuse(`${pathOf(at, field)}[${index}]: must be text`),
    );
  }

  text(record: JsonRecord, field: string, at: string): string | undefined {
    const value = record[field] ?? undefined;
    return value === undefined || typeof value === 'string' ? value : this.refuse(`${pathOf(at, field)}: must be text`);
  }

  flag(record: JsonRecord, field: string, at: string): boolean | undefined {
    const value = record[field] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    return this.refuse(`${pathOf(at, field)}: must be true or false`);
  }

  choices<T extends string>(record: JsonRecord, field: string, known: readonly T[], at: string): T[] {
    return this.list(record, field, at).map((value) => {
      const chosen = known.find((one) => one === value);
      if (chosen !== undefined) return chosen;
      const supported = known.map((one) => JSON.stringify(one)).join(', ');
      return this.refuse(
        `${pathOf(at, field)}: Unsupported value: ${JSON.stringify(value ?? '')}: supported values: ${supported}`,
      );
    });
  }
}

const pathOf = (at: string, field: string): string => (at === '' ? field : `${at}.${field}`);
