/** Reads the Prometheus text format as strictly as Prometheus itself does: what it would refuse is thrown. */

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadMetrics {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly ReadSample[];
  /** Those of that name whose labels have these values. */
  find(name: string, labels?: Readonly<Record<string, string>>): ReadSample[];
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$/;
const labelPart = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y;

export function readMetrics(text: string): ReadMetrics {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const samples: ReadSample[] = [];
  const seen = new Set<string>();
  const over = new Set<string>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word !== undefined) {
      if (name !== family) over.add(family);
      if (over.has(name)) throw new Error(`a family comes twice: ${line}`);
      family = name;
      if (word === 'TYPE') types.set(name, rest);
      continue;
    }
    const sample = readSample(line);
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`a sample comes twice: ${line}`);
    if (sample.name !== family && sample.name.replace(/_(bucket|sum|count)$/, '') !== family)
      throw new Error(`a sample without its family: ${line}`);
    seen.add(key);
    samples.push(sample);
  }
  return {
    types,
    samples,
    find: (name, labels = {}) =>
      samples.filter(
        (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      ),
  };
}

function readSample(line: string): ReadSample {
  const [, name = '', inner = '', number = ''] = sampleLine.exec(line) ?? [];
  const value = Number(number.replace(/^([+-]?)Inf$/, '$1Infinity'));
  if (name === '' || (Number.isNaN(value) && number !== 'NaN')) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  labelPart.lastIndex = 0;
  while (labelPart.lastIndex < inner.length) {
    const [, label = '', text = ''] = labelPart.exec(inner) ?? [];
    if (label === '' || Object.hasOwn(labels, label)) throw new Error(`no labels: ${line}`);
    labels[label] = text.replace(/\\([\\n"])/g, (_, one: string) => (one === 'n' ? '\n' : one));
  }
  return { name, labels, value };
}
