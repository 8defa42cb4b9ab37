/** `create job NAME --image IMAGE [-- COMMAND…]`, and `create job NAME --from cronjob/NAME`: a run out of turn. */

import { apiVersionOf } from '../../../../api/resource.ts';
import { cronJobs, jobs } from '../../../../api/resources/batch.ts';
import type { CronJob, Job } from '../../../../api/types/batch/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf, textsOf } from '../../../arguments.ts';
import { parseOne } from '../../../resources.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export async function make(input: CreateInput): Promise<Wanted> {
  const { words, args, rest } = input;
  const name = nameIn(words);
  const images = textsOf(args, 'image');
  const from = textOf(args, 'from');
  if (images.length > 0 === (from !== undefined))
    throw new UserError('error: either --image or --from must be specified');
  if (from !== undefined && rest.length > 0) throw new UserError('error: cannot specify --from and command');
  const object = from === undefined ? jobOf(name, images, rest) : await jobFrom(input, name, from);
  return { kind: jobs, object };
}

function jobOf(name: string, images: readonly string[], command: readonly string[]): Job {
  return { metadata: { name }, spec: { template: { spec: onePod(name, images, command, 'Never') } } };
}

/** The pod of a Job that is made of one image. */
export function onePod(name: string, images: readonly string[], command: readonly string[], restartPolicy: string) {
  const [image, ...others] = images;
  if (image === undefined || others.length > 0) throw new UserError('error: exactly one --image is required');
  const container = { name, image, ...(command.length > 0 && { command: [...command] }) };
  return { containers: [container], restartPolicy };
}

async function jobFrom({ context }: CreateInput, name: string, from: string): Promise<Job> {
  const client = await context.client();
  const found = await parseOne(client, [from]);
  if (found.kind.plural !== cronJobs.plural || found.kind.group !== cronJobs.group)
    throw new UserError('error: from must be an existing cronjob');
  const cronJob: CronJob & { metadata: { name: string; uid: string } } = await client.get(cronJobs, {
    namespace: await context.oneNamespace(),
    name: found.name,
  });
  const { metadata = {}, spec } = cronJob.spec.jobTemplate;
  const owner = { apiVersion: apiVersionOf(cronJobs), kind: cronJobs.kind, controller: true };
  return {
    metadata: {
      name,
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...metadata.annotations },
      ...(metadata.labels && { labels: metadata.labels }),
      ownerReferences: [{ ...owner, name: cronJob.metadata.name, uid: cronJob.metadata.uid }],
    },
    ...(spec && { spec }),
  };
}
