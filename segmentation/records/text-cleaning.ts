export const maxTextLength = 10_000;

/** Printable ASCII without markup, single spaces inside, none around: nothing to clean. */
const clean = /^(?:[!-%'-;=-~]+(?: [!-%'-;=-~]+)*)?$/;
const tag = /<(?:!--[\s\S]*?--|\/?[a-z][a-z0-9]*(?:[\s/][^<>]{0,500})?)>/gi;
const hiddenContent = /<(script|style)\b[^<>]*>[\s\S]*?<\/\1\s*>/gi;
/** Soft hyphen, zero-width and direction marks, byte order mark. */
const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const controlsAndSpace = /[\s\u0000-\u001f\u007f-\u009f]+/g;
const entity = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));/gi;

const namedEntities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  times: '×',
  deg: '°',
  copy: '©',
  reg: '®',
  trade: '™',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  frac12: '½',
  frac14: '¼',
  frac34: '¾',
  eacute: 'é',
  Eacute: 'É',
  egrave: 'è',
  ecirc: 'ê',
  agrave: 'à',
  aacute: 'á',
  acirc: 'â',
  auml: 'ä',
  Auml: 'Ä',
  aring: 'å',
  ccedil: 'ç',
  iacute: 'í',
  icirc: 'î',
  ntilde: 'ñ',
  oacute: 'ó',
  ocirc: 'ô',
  ouml: 'ö',
  Ouml: 'Ö',
  oslash: 'ø',
  uacute: 'ú',
  ucirc: 'û',
  uuml: 'ü',
  Uuml: 'Ü',
  szlig: 'ß',
};

/**
 * A text as people read it: entities resolved, tags and what is invisible removed, control characters and runs of white space
 * one space, composed (NFC), at most {@link maxTextLength} UTF-16 units.
 */
export function cleanText(raw: string): string {
  if (raw.length <= maxTextLength && clean.test(raw)) return raw;
  // Twice the length leaves room for markup and bounds the work on hostile input.
  let text = raw.slice(0, 2 * maxTextLength).toWellFormed();
  // Shops escape what they export, sometimes twice ("&amp;quot;").
  for (let pass = 0; pass < 3 && text.includes('&'); pass++) text = resolveEntities(text);
  if (text.includes('<')) text = text.replace(hiddenContent, ' ').replace(tag, ' ');
  text = text.replace(invisible, '').replace(controlsAndSpace, ' ').normalize('NFC').trim();
  if (text.length <= maxTextLength) return text;
  const cut = text.charCodeAt(maxTextLength - 1);
  const splitsPair = cut >= 0xd800 && cut <= 0xdbff;
  return text.slice(0, splitsPair ? maxTextLength - 1 : maxTextLength).trimEnd();
}

function resolveEntities(text: string): string {
  return text.replace(
    entity,
    (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
      if (name !== undefined) return namedEntities[name] ?? namedEntities[name.toLowerCase()] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
      const isCharacter = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
      return isCharacter ? String.fromCodePoint(point) : whole;
    },
  );
}
