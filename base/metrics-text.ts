/** The Prometheus text format, for figures that are read when they are asked for. Pure. */

export const metricsTextType = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured: wall time in milliseconds. */
  readonly at?: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly MetricSample[];
}

/** Without families that have no sample. */
export const metricsText = (families: readonly MetricFamily[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join('');

const textOf = ({ name, help, type, samples }: MetricFamily): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => lineOf(name, sample)).join('')}`;

function lineOf(name: string, { labels = {}, value, at }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  const named = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
  return `${named} ${value}${at === undefined ? '' : ` ${at}`}\n`;
}

const escaped = (text: string): string =>
  /["\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : text;
