/**
 * Replaces what differs from run to run (uids, versions, times, addresses) by placeholders that keep identity: the same
 * uid is `<uid:1>` wherever it stands in one scenario. What the client itself sent stays as it is.
 */

type Json = Record<string, unknown>;

const time = /^20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const timeInText = /\b20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g;
const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const suffix = '[bcdfghjklmnpqrstvwxz2456789]{5}';
const ageColumns = new Set(['Age', 'Last Seen', 'First Seen', 'Duration', 'Last Schedule']);
const keptAges = new Set<unknown>(['<unknown>', '<none>', '']);

export const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

export class Placeholders {
  readonly #namespace: string;
  /** Everything that the client sent, as one text. */
  readonly #sent: string;
  readonly #seen = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #generated: readonly string[];
  /** A watch names the columns in its first table only. */
  #columns: readonly Json[] = [];

  constructor(namespace: string, sent: string) {
    this.#namespace = namespace;
    this.#sent = sent;
    this.#generated = [
      ...new Set([...sent.matchAll(/"generateName":"([^"\\]+)"/g)].map((match) => (match[1] ?? '').slice(0, 58))),
    ];
  }

  /** Of any value that was answered. `key` is the member that it stood in. */
  of(value: unknown, key?: string): unknown {
    if (typeof value === 'string') return this.text(value, key);
    if (typeof value === 'number' && (key === 'nodePort' || key === 'healthCheckNodePort') && value !== 0) {
      return this.#sent.includes(String(value)) ? value : this.#label('port', String(value));
    }
    if (Array.isArray(value)) return this.#sorted(value, key).map((item) => this.of(item));
    return isObject(value) ? this.#object(value) : value;
  }

  text(value: string, key?: string): string {
    if (key === 'resourceVersion' && value !== '' && value !== '0') return this.#label('rv', value);
    if (key === 'continue' && value !== '') return '<continue>';
    if (key === 'token' && value.length > 100) return '<token>';
    if (time.test(value) && !this.#sent.includes(value)) return '<time>';
    let text = value.replace(/\bkube-api-access-[a-z0-9]{5}\b/g, (name) =>
      this.#unlessSent(name, 'kube-api-access-<suffix>'),
    );
    text = text.replace(uid, (one) => this.#unlessSent(one, () => this.#label('uid', one)));
    text = text.replace(/\b10\.96\.\d+\.\d+\b/g, (ip) => this.#unlessSent(ip, () => this.#label('ip', ip)));
    text = text
      .replace(/(Too large resource version: \d+, current:) \d+/, '$1 <rv>')
      .replace(/(too old resource version: \d+) \(\d+\)/, '$1 (<rv>)')
      .replace(/(ResourceVersion in record \(|ResourceVersion in object meta: )\d+/, '$1<rv>')
      .replace(/\?hash=[0-9A-F]{32,}/, '?hash=<hash>')
      .replace(/\b3\d{4}\b/g, (port) => this.#seen.get(`port ${port}`) ?? port);
    text = text.replace(
      /(\\?"resourceVersion\\?":\\?"|ResourceVersion in the precondition \()([1-9]\d*)(?=\\?"|\))/g,
      (all: string, before: string, version: string) =>
        this.#sent.includes(`"${version}"`) ? all : before + this.#label('rv', version),
    );
    text = text.replace(timeInText, (one) => this.#unlessSent(one, '<time>'));
    if (this.#namespace !== '') text = text.replaceAll(this.#namespace, '{ns}');
    if (key === 'generateName') return text;
    return this.#generated.reduce((shown, base) => {
      const pattern = new RegExp(`${base.replace(/[^\w]/g, '\\$&')}${suffix}(?![a-z0-9])`, 'g');
      return shown.replace(pattern, `${base}<suffix>`);
    }, text);
  }

  #unlessSent(found: string, placeholder: string | (() => string)): string {
    if (this.#sent.includes(found)) return found;
    return typeof placeholder === 'string' ? placeholder : placeholder();
  }

  #label(kind: string, value: string): string {
    const id = `${kind} ${value}`;
    const known = this.#seen.get(id);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const label = `<${kind}:${count}>`;
    this.#seen.set(id, label);
    return label;
  }

  /** Lists whose order says nothing. */
  #sorted(list: readonly unknown[], key: string | undefined): unknown[] {
    if (key === 'managedFields')
      return sortedBy(list, (one) => `${one.manager} ${one.operation} ${one.subresource ?? ''} ${one.apiVersion}`);
    const isConflict = key === 'causes' && list.every((one) => isObject(one) && one.reason === 'FieldManagerConflict');
    return isConflict ? sortedBy(list, (one) => `${one.message} ${one.field}`) : [...list];
  }

  #object(value: Json): Json {
    const object = this.#withoutListVersion(value.kind === 'Table' ? this.#table(value) : value);
    const shown: Json = {};
    for (const name of Object.keys(object).sort()) {
      if (object[name] === undefined) continue;
      const key = this.#namespace === '' ? name : name.replaceAll(this.#namespace, '{ns}');
      shown[key] = this.of(object[name], name);
    }
    const { generateName, name } = object;
    if (
      typeof generateName === 'string' &&
      generateName !== '' &&
      typeof name === 'string' &&
      name.startsWith(generateName)
    ) {
      shown.name = `${this.#namespace === '' ? generateName : generateName.replaceAll(this.#namespace, '{ns}')}<suffix>`;
    }
    return shown;
  }

  #withoutListVersion(value: Json): Json {
    const { kind, metadata } = value;
    if (typeof kind !== 'string' || !(kind.endsWith('List') || kind === 'Table') || !isObject(metadata)) return value;
    return { ...value, metadata: { ...metadata, resourceVersion: undefined } };
  }

  #table(table: Json): Json {
    const given = (table.columnDefinitions ?? []) as Json[];
    const columns = given.map(({ name, type, format, priority }) => ({ name, type, format, priority }));
    if (columns.length > 0) this.#columns = columns;
    const rows = ((table.rows ?? []) as Json[]).map((row) => ({
      ...row,
      cells: (row.cells as unknown[]).map((cell, at) => this.#cell(cell, at)),
    }));
    return { ...table, columnDefinitions: columns, rows };
  }

  #cell(cell: unknown, at: number): unknown {
    const name = this.#columns[at]?.name;
    if (typeof name === 'string' && ageColumns.has(name) && !keptAges.has(cell)) return '<age>';
    return typeof cell === 'string' ? cell.replace(/\(\w+ ago\)/, '(<age> ago)') : cell;
  }
}

function sortedBy(list: readonly unknown[], key: (one: Json) => string): unknown[] {
  const keyOf = (one: unknown) => (isObject(one) ? key(one) : '');
  return [...list].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** The same value without any managedFields. */
export function withoutManagedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutManagedFields);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) =>
      name === 'managedFields' ? [] : [[name, withoutManagedFields(child)]],
    ),
  );
}
