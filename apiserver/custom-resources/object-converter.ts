/** CONTRACT: how custom resources of one definition get from version to version. */

import type { Stored } from '../../api/object.ts';

export interface ObjectConverter {
  /**
   * The same objects, in their order, as `apiVersion` says. Some may be in that version already; the others are the
   * callee's own. Of metadata nothing but labels and annotations may change. Throws a StatusError, at once or later.
   */
  convert(objects: readonly Stored[], apiVersion: string): readonly Stored[] | Promise<readonly Stored[]>;
}

/** The strategy `None`: all versions look alike. */
export const nameOnlyConverter: ObjectConverter = {
  convert: (objects, apiVersion) =>
    objects.map((object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion })),
};
