/**
 * What rolling updates lose: requests to ten pods on three hosts, at 500 a second, half over kept-alive connections and
 * half each over one of its own, while the pods are replaced again and again. Their server has no preStop and is gone at
 * SIGTERM. Once as it is, with a proxy killed in between, and once with `--drain-bound 0s`, which is what upstream does.
 * In the sandbox; needs root.
 */

import { type LoadOutcome, RolloutLab } from '../test/support/rollout-lab.ts';
import { ranInSandbox } from './in-sandbox.ts';
import { formatMs, printReport, type Row } from './report.ts';

const replicas = 10;
const perSecond = 500;
const rollouts = 2;

export async function run(): Promise<void> {
  if (await ranInSandbox('rollout')) return;
  const lab = await RolloutLab.start({ replicas });
  const rows: Row[] = [];
  try {
    rows.push(...(await measure(lab, 'as it is', { isReached: true, killsProxy: true })));
    await lab.setDrainBound('0s');
    rows.push(...(await measure(lab, 'bound 0', { isReached: false, killsProxy: false })));
  } finally {
    await lab.stop();
  }
  printReport(`${rollouts} rolling updates of ${replicas} pods at ${perSecond} requests a second`, rows);
}

async function measure(
  lab: RolloutLab,
  title: string,
  { isReached, killsProxy }: { readonly isReached: boolean; readonly killsProxy: boolean },
): Promise<Row[]> {
  const times: number[] = [];
  const outcome = await lab.underLoad(perSecond, async () => {
    for (let round = 0; round < rollouts; round += 1) {
      const startedAt = performance.now();
      const killed = killsProxy && round === 1 ? lab.killProxy() : undefined;
      await Promise.all([lab.rollOut(), killed]);
      times.push(performance.now() - startedAt);
    }
  });
  return [
    { name: `${title}: requests failed`, figure: textOf(outcome), ...(isReached && goal(outcome)) },
    { name: `${title}: sent again over another connection`, figure: String(outcome.repeated) },
    { name: `${title}: a rolling update takes`, figure: times.map(formatMs).join(', ') },
  ];
}

const goal = ({ failed }: LoadOutcome) => ({ beside: 'goal: 0', isReached: failed === 0 });

function textOf({ sent, failed, failures }: LoadOutcome): string {
  const why = Object.entries(failures).map(([text, count]) => `${count} × ${text}`);
  return `${failed} of ${sent}${why.length > 0 ? ` (${why.join('; ')})` : ''}`;
}
