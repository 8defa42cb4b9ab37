/** Addresses of mail as Go's `mail.ParseAddress` takes them: `a@b.c`, `"A" <a@b.c>`. */

const dotAtom =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u;
const quotedText = /^"(?:[^"\\\r\n]|\\.)+"$/u;
const phrase = /^(?:"(?:[^"\\\r\n]|\\.)*"|[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}\s.])*$/u;
const domainLiteral = /^\[[^[\]\\\s]*\]$/;

export function isEmailAddress(text: string): boolean {
  const plain = text.trim();
  const open = plain.lastIndexOf('<');
  if (open < 0 || !plain.endsWith('>')) return isAddress(plain);
  return phrase.test(plain.slice(0, open)) && isAddress(plain.slice(open + 1, -1).trim());
}

function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  return (dotAtom.test(local) || quotedText.test(local)) && (dotAtom.test(domain) || domainLiteral.test(domain));
}
