/** `create cronjob NAME --image IMAGE --schedule '0 3 * * *' [-- COMMAND…]`. */

import { cronJobs } from '../../../../api/resources/batch.ts';
import type { CronJob } from '../../../../api/types/batch/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf, textsOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';
import { onePod } from './job.ts';

export function make({ words, args, rest }: CreateInput): Wanted {
  const name = nameIn(words);
  const images = textsOf(args, 'image');
  const schedule = textOf(args, 'schedule');
  const missing = [...(images.length === 0 ? ['"image"'] : []), ...(schedule === undefined ? ['"schedule"'] : [])];
  if (missing.length > 0 || schedule === undefined)
    throw new UserError(`error: required flag(s) ${missing.join(', ')} not set`);
  const spec = onePod(name, images, rest, textOf(args, 'restart') ?? 'OnFailure');
  const object: CronJob = {
    metadata: { name },
    spec: { schedule, jobTemplate: { metadata: { name }, spec: { template: { spec } } } },
  };
  return { kind: cronJobs, object };
}
