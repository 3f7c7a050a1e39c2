/**
 * Takes contact data out of free text and leaves a typed placeholder. Patterns with a checksum (cards, IBAN, Chinese identity
 * numbers) are taken only where it holds; telephone numbers only in the shapes in which people write them. Sizes, prices, years, dates
 * and product codes stay. Names of people are not found.
 */
export function redactContactData(text: string): string {
  if (!suspicious.test(text)) return text;
  let redacted = fullWidth.test(text) ? text.replace(fullWidthAll, halfWidth) : text;
  for (const { pattern, placeholder, holds } of rules) {
    redacted = redacted.replace(pattern, (match: string, ...groups: unknown[]) => {
      const lead = typeof groups[0] === 'string' ? groups[0] : '';
      const found = match.slice(lead.length);
      return holds && !holds(found) ? match : `${lead}${placeholder}`;
    });
  }
  return redacted;
}

/** Whether {@link redactContactData} would change the text. */
export function holdsContactData(text: string): boolean {
  return redactContactData(text) !== text;
}

/** Without a digit, an @, a colon or one of their full-width forms no pattern below can match. */
const suspicious = /[0-9@:０-９＠：]/;
const fullWidth = /[０-９＠]/;
const fullWidthAll = /[０-９＠Ａ-Ｚａ-ｚ．＋－（）]/g;

function halfWidth(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) - 0xfee0);
}

interface Rule {
  readonly pattern: RegExp;
  readonly placeholder: string;
  /** A second look at what the pattern found. A first group, if any, is context that stays. */
  readonly holds?: (found: string) => boolean;
}

/** Han characters make up a whole part of an address, or none of it: texts in Chinese have no space around one. */
const emailAddress =
  /(?:mailto:)?(?:[[\p{L}\p{N}._%+\-]--\p{Script=Han}]{1,64}|\p{Script=Han}{1,20})@(?:(?:[[\p{L}\p{N}\-]--\p{Script=Han}]{1,63}\.){1,5}[\p{L}--\p{Script=Han}]{2,24}|(?:[\p{L}\p{N}\-]{1,63}\.){1,5}\p{Script=Han}{2,3})/giv;

const rules: readonly Rule[] = [
  { pattern: /\b(?:https?|ftp):\/\/[^\s<>"'，。；、）》]+/gi, placeholder: '[url]', holds: isPersonalUrl },
  {
    pattern: emailAddress,
    placeholder: '[email]',
  },
  {
    pattern:
      /((?:微信号?|加微|wechat(?: id)?|weixin|vx|qq号?|telegram|whatsapp|instagram|snapchat|line id)\s?(?:是|为|is)?\s?[:：]\s?)@?[a-z0-9+][\w.+-]{3,40}/gi,
    placeholder: '[handle]',
  },
  { pattern: /(?<![\w.@/])@[a-z_][\w.]{1,38}\w/gi, placeholder: '[handle]' },
  {
    pattern: /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Z0-9])/g,
    placeholder: '[iban]',
    holds: isIban,
  },
  {
    pattern: /(?<![\dA-Za-z])[1-9]\d{5}(?:18|19|20)\d{9}[\dXx](?![\dA-Za-z])/g,
    placeholder: '[id-number]',
    holds: isChineseIdentity,
  },
  { pattern: /(?<![\d.,])\d(?:[ -]?\d){12,18}(?![\d.,]?\d)/g, placeholder: '[card]', holds: isCard },
  // International: + or 00, country code, eight to fifteen digits in groups.
  {
    pattern: /(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?!\d)/g,
    placeholder: '[phone]',
    holds: hasDigits(8, 15),
  },
  // Chinese mobile: 11 digits from 13 to 19.
  { pattern: /(?<![\d.,])1[3-9]\d(?:[ -]?\d{4}){2}(?![\d]|[.,]\d)/g, placeholder: '[phone]' },
  // North America: three, three and four digits; without separators only area and exchange codes that exist (2 to 9).
  { pattern: /(?<![\w.,-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g, placeholder: '[phone]' },
  { pattern: /(?<![\w.,-])[2-9]\d{2}[2-9]\d{6}(?![\w-]|[.,]\d)/g, placeholder: '[phone]' },
  // A leading zero: national numbers of Europe, Asia and Australia, Chinese landlines.
  {
    pattern: /(?<![\w.,/:-])\(?0\d{1,4}\)?(?:[ -]?\d{2,8}){1,4}(?![\w-]|[.,:/]\d)/g,
    placeholder: '[phone]',
    holds: isNationalNumber,
  },
];

function isPersonalUrl(url: string): boolean {
  const authority = url.slice(url.indexOf('://') + 3).split('/', 1)[0]!;
  return /[?#].*=/.test(url) || authority.includes('@') || /^(?:wa\.me|t\.me|api\.whatsapp\.com)$/i.test(authority);
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

function hasDigits(least: number, most: number): (found: string) => boolean {
  return (found) => {
    const { length } = digitsOf(found);
    return length >= least && length <= most;
  };
}

function isNationalNumber(found: string): boolean {
  const digits = digitsOf(found);
  return digits.length >= 9 && digits.length <= 12 && digits[1] !== '0' && !/^0\d{11,}$/.test(found);
}

/** Issuer prefix and length of the large card networks (ISO/IEC 7812), and the Luhn check digit. */
function isCard(found: string): boolean {
  const digits = digitsOf(found);
  const { length } = digits;
  const isIssued =
    (/^4/.test(digits) && (length === 13 || length === 16 || length === 19)) ||
    (/^(?:5[1-5]|2[2-7]|35)/.test(digits) && length === 16) ||
    (/^3[47]/.test(digits) && length === 15) ||
    (/^3[068]/.test(digits) && length === 14) ||
    (/^6/.test(digits) && length >= 16);
  return isIssued && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    sum += place % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** GB 11643-1999: the last of 18 places is the ISO 7064 MOD 11-2 check character. */
function isChineseIdentity(found: string): boolean {
  let sum = 0;
  for (let place = 0; place < 17; place++) sum += Number(found[place]) * (2 ** (17 - place) % 11);
  return '10X98765432'[sum % 11] === found[17]!.toUpperCase();
}

/** ISO 13616: the rearranged number, letters as 10 to 35, is 1 modulo 97. */
function isIban(found: string): boolean {
  const account = found.replaceAll(' ', '');
  if (account.length < 15 || account.length > 34) return false;
  let remainder = 0;
  for (const character of account.slice(4) + account.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
