/** Labels and annotations that a conversion has changed are such as anybody may write. Pure. */

import { equalJson } from '../../api/json-record.ts';
import { validateLabels } from '../../kinds/validation/label-selector.ts';
import { validateAnnotations } from '../../kinds/validation/metadata-validation.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

type Texts = Readonly<Record<string, string>>;

/** What is wrong with them, if they are not as before. */
export function checkLabels(field: 'labels' | 'annotations', texts: Texts, before: Texts): string | undefined {
  if (equalJson(texts, before)) return undefined;
  const errors = new FieldErrors();
  if (field === 'labels') validateLabels({ ...texts }, FieldPath.of('metadata', 'labels'), errors);
  else validateAnnotations(texts, FieldPath.of('metadata', 'annotation'), errors);
  const messages = errors.list.map(({ field: place, message }) => `${place}: ${message}`);
  return messages.length > 1 ? `[${messages.join(', ')}]` : messages[0];
}
