import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, xmlDocument } from './xml.ts';

describe('xmlDocument', () => {
  it('writes S3’s documents: namespace, order, and nothing for what is undefined', () => {
    expect(
      xmlDocument('R', [
        ['Key', 'a&b<c>"d"\n'],
        ['N', 3],
        ['Absent', undefined],
        ['Inner', [['B', true]]],
      ]),
    ).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Key>a&amp;b&lt;c&gt;&quot;d&quot;&#xa;</Key><N>3</N><Inner><B>true</B></Inner></R>',
    );
  });

  it('is read back as it was written, any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(parseXml(xmlDocument('R', [['T', text]]))).toEqual({
          name: 'R',
          text: '',
          children: [{ name: 'T', text, children: [] }],
        });
      }),
    );
  });
});

describe('parseXml', () => {
  it('reads prologs, comments, attributes, prefixes, references, CDATA and empty elements', () => {
    const source =
      '\ufeff<?xml version="1.0"?><!-- c --><s:Delete xmlns:s="x" a=\'1\'><Key>a&amp;&#10;&#x1F600;<![CDATA[<b>]]></Key><Quiet/></s:Delete>\n';
    expect(parseXml(source)).toEqual({
      name: 'Delete',
      text: '',
      children: [
        { name: 'Key', text: 'a&\n\u{1f600}<b>', children: [] },
        { name: 'Quiet', text: '', children: [] },
      ],
    });
  });

  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a>&unknown;</a>',
    '<a>&#xd800;</a>',
    '<a>& b</a>',
    '<a b></a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a/>',
    '<a/>text',
  ])('refuses %j', (source) => {
    expect(() => parseXml(source)).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
  });
});
