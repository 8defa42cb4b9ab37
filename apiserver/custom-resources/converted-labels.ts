/** Labels and annotations that a conversion has changed are such as anybody may write. */

import { equalJson } from '../../api/json-record.ts';
import type { Turns } from '../../base/turns.ts';
import { validateLabels } from '../../kinds/validation/label-selector.ts';
import { validateAnnotationKeys, validateAnnotationSize } from '../../kinds/validation/metadata-validation.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

type Texts = Readonly<Record<string, string>>;

/** So many take much less than a turn. */
const checkedAtOnce = 1000;

/** What is wrong with them, if they are not as before. Where there are many, in turns. */
export async function checkLabels(
  field: 'labels' | 'annotations',
  texts: Texts,
  { before, turns }: { readonly before: Texts; readonly turns: Turns },
): Promise<string | undefined> {
  if (equalJson(texts, before)) return undefined;
  const errors = new FieldErrors();
  const path = field === 'labels' ? FieldPath.of('metadata', 'labels') : FieldPath.of('metadata', 'annotation');
  const entries = Object.entries(texts);
  for (let start = 0; start < entries.length; start += checkedAtOnce) {
    await turns.pause();
    const some = entries.slice(start, start + checkedAtOnce);
    if (field === 'labels') validateLabels(Object.fromEntries(some), path, errors);
    else
      validateAnnotationKeys(
        some.map(([key]) => key),
        path,
        errors,
      );
  }
  if (field === 'annotations') validateAnnotationSize(texts, path, errors);
  const messages = errors.list.map(({ field: place, message }) => `${place}: ${message}`);
  return messages.length > 1 ? `[${messages.join(', ')}]` : messages[0];
}
