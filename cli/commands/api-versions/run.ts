/** `api-versions`: each group and version that the server has. */

import { apiVersionOf } from '../../../api/resource.ts';
import { compareText } from '../../../base/compare.ts';
import { discover } from '../../../client/discovery.ts';
import type { CommandContext } from '../../command-context.ts';

export async function run(context: CommandContext): Promise<void> {
  const { resources, stale } = await discover(await context.client());
  const versions = new Set([...resources.map(apiVersionOf), ...stale]);
  context.out.write(
    [...versions]
      .sort(compareText)
      .map((version) => `${version}\n`)
      .join(''),
  );
}
