/** From the bytes of a body to an object of the kind that the URL names. */

import { apiVersionOf } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { badRequest } from '../../api/status-error.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { Target } from './target.ts';
import type { WriteOptions } from './write-options.ts';

export function decodeBody(
  _request: ApiRequest,
  target: Target,
  bytes: Buffer,
  _options: WriteOptions,
): KubernetesObject {
  const { kind } = target;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : ''}`,
    );
  }
  const object = value as KubernetesObject;
  object.apiVersion ??= apiVersionOf(kind);
  object.kind ??= kind.kind;
  return object;
}
