import { S3Error } from './errors.ts';

/** S3's namespace, on the root of every answer but an error. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export type XmlContent = string | number | boolean | readonly XmlElement[];
/** An element to write; one whose content is undefined is left out. */
export type XmlElement = readonly [name: string, content: XmlContent | undefined];

export function xmlDocument(root: string, content: readonly XmlElement[]): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${writeContent(content)}</${root}>`;
}

/** An error document: without a namespace, as S3 writes it. */
export function xmlErrorDocument(content: readonly XmlElement[]): string {
  return `${DECLARATION}<Error>${writeContent(content)}</Error>`;
}

function writeContent(content: XmlContent): string {
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number' || typeof content === 'boolean') return String(content);
  let text = '';
  for (const [name, inner] of content) {
    if (inner !== undefined) text += `<${name}>${writeContent(inner)}</${name}>`;
  }
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become numeric references, as S3 writes them: a line feed in a key survives the parser's normalisation. */
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (char) => ENTITIES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

/** An element as read: its text, and its child elements in order. Attributes and namespaces carry nothing in S3's requests. */
export interface ParsedElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly ParsedElement[];
}

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;

/**
 * Reads an XML document without a document type.
 * @throws S3Error MalformedXML when it is not well-formed.
 */
export function parseXml(source: string): ParsedElement {
  const root = { name: '', text: '', children: [] as ParsedElement[] };
  const open = [root];
  let position = 0;
  for (const match of source.replace(/^\ufeff/, '').matchAll(TOKEN)) {
    const [whole, cdata, closing, name = '', , selfClosing, text] = match;
    position = match.index + whole.length;
    const parent = open.at(-1)!;
    if (cdata !== undefined) parent.text += cdata;
    else if (text !== undefined) parent.text += unescapeText(text);
    else if (closing === '/') {
      if (open.length === 1 || parent.name !== localName(name)) throw malformed();
      open.pop();
    } else if (closing === '') {
      const element = { name: localName(name), text: '', children: [] };
      parent.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  const [document, ...more] = root.children;
  if (open.length !== 1 || position !== source.replace(/^\ufeff/, '').length || root.text.trim() !== '')
    throw malformed();
  if (document === undefined || more.length > 0) throw malformed();
  return document;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/&([^;&]*);?/g, (reference, name: string) => {
    if (!reference.endsWith(';')) throw malformed();
    const named = NAMED[name];
    if (named !== undefined) return named;
    const code = /^#x[0-9a-f]{1,6}$/i.test(name)
      ? Number.parseInt(name.slice(2), 16)
      : /^#\d{1,7}$/.test(name)
        ? Number(name.slice(1))
        : -1;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw malformed();
    return String.fromCodePoint(code);
  });
}

export function childText(element: ParsedElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

export function malformed(): S3Error {
  return new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
