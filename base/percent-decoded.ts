/** `%41` → `A`, as in paths; undefined for text that is not percent-encoded UTF-8: clients send whatever they like. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
