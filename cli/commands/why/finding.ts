/** What `why` has found out about one object, as data, and how it is said. Pure. */

import type { Cause } from '../../../api/pod-explanation.ts';
import type { SchedulingDiagnosis } from '../../../api/scheduling-diagnosis.ts';

export interface Finding {
  /** `pod/web` */
  readonly title: string;
  readonly namespace?: string | undefined;
  /** In a few words: `Pending`, `2 of 3 pods are available`. */
  readonly state: string;
  readonly causes: readonly (Pick<Cause, 'message' | 'help'> & { readonly type: string })[];
  readonly scheduling?: SchedulingDiagnosis | undefined;
  /** Warnings, the last one last. */
  readonly events?: readonly string[];
  readonly logs?: readonly { readonly container: string; readonly lines: readonly string[] }[];
  /** Of what belongs to it: one for each different trouble. */
  readonly parts?: readonly { readonly alike: number; readonly finding: Finding }[];
}

export function renderFinding(finding: Finding, indent = ''): string {
  const { title, namespace, state, causes, scheduling, events = [], logs = [], parts = [] } = finding;
  const lines = [`${title}${namespace ? ` (${namespace})` : ''}: ${state}`];
  for (const { message, help = [] } of causes)
    lines.push(`  ${message}`, ...help.map((step) => `    what would help: ${step}`));
  if (scheduling !== undefined) lines.push(...renderScheduling(scheduling));
  if (events.length > 0) lines.push('  Warnings:', ...events.map((event) => `    ${event}`));
  for (const log of logs)
    lines.push(`  The last lines of ${log.container}:`, ...log.lines.map((line) => `    | ${line}`));
  const text = lines.map((line) => `${indent}${line}\n`).join('');
  return text + parts.map((part) => renderPart(part, `${indent}  `)).join('');
}

function renderPart({ alike, finding }: { alike: number; finding: Finding }, indent: string): string {
  const text = renderFinding(finding, indent);
  return alike <= 1 ? text : `${indent}${alike} alike, of which one is:\n${text}`;
}

function renderScheduling({ nodes, groups, observedAt }: SchedulingDiagnosis): string[] {
  if (groups.length === 0) return [];
  return [
    `  Of ${nodes} nodes, as of ${observedAt}:`,
    ...groups.map(
      ({ count, reasons, nodes: names }) => `    ${count}: ${reasons.join(', ')}${renderNames(names, count)}`,
    ),
  ];
}

const shownNames = 8;

function renderNames(names: readonly string[], count: number): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, shownNames);
  return ` (${shown.join(', ')}${count > shown.length ? ', …' : ''})`;
}
