/** How near a step's answer is to the recorded one. */

import { canonical, type Grade } from './answers.ts';
import { isObject } from './placeholders.ts';
import type { StepOutcome } from './scenarios.ts';

/** `same`: code, reason and causes of a refusal, everything of a success. `exact`: messages and warnings, too. */
export function gradeStep(want: StepOutcome, got: StepOutcome): Grade {
  if (canonical(want) === canonical(got)) return { same: true, exact: true };
  // Upstream answers some bad input with a 500: any clear refusal is right too.
  if (want.code === 500 && got.code >= 400 && got.code < 500) return { same: true, exact: true };
  if (want.code !== got.code) return { same: false, exact: false };
  const gist = want.code >= 400 ? refusal : success;
  return { same: canonical(gist(want)) === canonical(gist(got)), exact: false };
}

function refusal({ answer, heads }: StepOutcome): object {
  const status = isObject(answer) ? answer : {};
  const details = status.details ?? status['/details'];
  const causes = (isObject(details) ? details.causes : undefined) ?? status['/details/causes'] ?? [];
  const names = Array.isArray(causes) ? causes.map(({ field = '', reason = '' }) => `${field} ${reason}`).sort() : [];
  return { reason: status.reason ?? status['/reason'], causes: names, heads };
}

const success = ({ code, answer, text, events, ended, heads }: StepOutcome): object => ({
  code,
  answer,
  text,
  events,
  ended,
  heads,
});
