/** What a run of kills prints. */

import { percentile } from '../../bench/load.ts';
import { inSeconds, type KillRunReport, limitMs, type Round } from './kill-run.ts';

export function roundText({ shape, number, victim, settleMs, faults }: Round): string {
  const head = `${shape} ${String(number).padStart(3)}  ${inSeconds(settleMs).padStart(7)}  ${victim ?? 'nothing killed'}`;
  return [head, ...faults.map((fault) => `  ✗ ${fault}`)].join('\n');
}

export function reportText(reports: readonly KillRunReport[]): string {
  const rounds = reports.flatMap((report) => report.rounds);
  const kills = rounds.filter(({ victim }) => victim !== undefined);
  const names = [...new Set(kills.map(({ victim = '' }) => victim))].sort();
  const width = Math.max('all kills'.length, ...names.map((name) => name.length));
  const row = (name: string, rounds: readonly Round[]): string => {
    const times = rounds.map(({ settleMs }) => settleMs).sort((a, b) => a - b);
    const figures = [percentile(times, 0.5), percentile(times, 0.99), times.at(-1) ?? 0].map((ms) =>
      inSeconds(ms).padStart(8),
    );
    const faulty = rounds.filter(({ faults }) => faults.length > 0).length;
    return `${name.padEnd(width)}${String(rounds.length).padStart(7)}${figures.join('')}${String(faulty).padStart(9)}`;
  };
  const head = `${'killed'.padEnd(width)}${['times', 'p50', 'p99', 'max', 'faulty'].map((title, at) => title.padStart([7, 8, 8, 8, 9][at] ?? 0)).join('')}`;
  const sum = (of: (report: KillRunReport) => number): number => reports.reduce((all, report) => all + of(report), 0);
  const slowness = Math.max(...reports.map((report) => report.slowness)).toFixed(1);
  return [
    head,
    ...names.map((name) =>
      row(
        name,
        kills.filter(({ victim }) => victim === name),
      ),
    ),
    row('all kills', kills),
    row(
      'no kill',
      rounds.filter(({ victim }) => victim === undefined),
    ),
    `to settle within ${inSeconds(limitMs)} on a machine of standard speed; this one was slower by up to ${slowness} times`,
    `${sum(({ writes }) => writes)} acknowledged writes, ${sum(({ requests }) => requests)} requests to the Service`,
  ].join('\n');
}

export const countFaulty = (reports: readonly KillRunReport[]): number =>
  reports.flatMap(({ rounds }) => rounds).filter(({ faults }) => faults.length > 0).length;
