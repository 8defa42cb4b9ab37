/** `create deployment NAME --image IMAGE`. */

import { deployments } from '../../../../api/resources/apps.ts';
import type { Deployment } from '../../../../api/types/apps/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { type Arguments, countOf, textOf, textsOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export function make({ words, args, rest }: CreateInput): Wanted {
  const name = nameIn(words);
  const images = textsOf(args, 'image').flatMap((text) => text.split(','));
  if (images.length === 0) throw new UserError('error: required flag(s) "image" not set');
  if (images.length > 1 && rest.length > 0)
    throw new UserError('error: cannot specify multiple --image options and command');
  const labels = { app: name };
  const object: Deployment = {
    metadata: { name, labels },
    spec: {
      replicas: textOf(args, 'replicas') === undefined ? 1 : countOf(args, 'replicas'),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: images.map((image, index) => containerOf(image, index, { args, images, rest })) },
      },
    },
  };
  return { kind: deployments, object };
}

interface Images {
  readonly args: Arguments;
  readonly images: readonly string[];
  readonly rest: readonly string[];
}

/** Named by the last part of its image; two of one name get a number. */
function containerOf(image: string, index: number, { args, images, rest }: Images) {
  const names = images.map(containerName);
  const name = names[index] ?? '';
  const earlier = names.slice(0, index).filter((one) => one === name).length;
  const port = textOf(args, 'port') === undefined ? undefined : countOf(args, 'port', 1);
  return {
    name: earlier === 0 ? name : `${name}-${earlier}`,
    image,
    ...(rest.length > 0 && { command: [...rest] }),
    ...(index === 0 && port !== undefined && { ports: [{ containerPort: port }] }),
  };
}

const containerName = (image: string): string =>
  (image.split('/').at(-1) ?? '').replace(/@.*$/, '').replace(/:.*$/, '').replaceAll('_', '-');
