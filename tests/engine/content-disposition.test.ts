// The name in a Content-Disposition header: the public test cases for RFC 6266, and what servers do besides.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileNameOf } from '../../main/engine/content-disposition.ts';
import { safeName } from '../../main/engine/names.ts';

/** A header as node:http hands it over when the server sent these characters as UTF-8. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

// Names of the cases as in the public collection (greenbytes.de/tech/tc2231). Where the collection leaves the outcome open
// or calls the header invalid, the name that a person would expect is the right one.
const cases: [id: string, header: string, name: string | null][] = [
  ['inlonly', 'inline', null],
  ['inlonlyquoted', '"inline"', null],
  ['inlwithasciifilename', 'inline; filename="foo.html"', 'foo.html'],
  ['inlwithfnattach', 'inline; filename="Not an attachment!"', 'Not an attachment!'],
  ['inlwithasciifilenamepdf', 'inline; filename="foo.pdf"', 'foo.pdf'],
  ['attonly', 'attachment', null],
  ['attonlyquoted', '"attachment"', null],
  ['attonlyucase', 'ATTACHMENT', null],
  ['attwithasciifilename', 'attachment; filename="foo.html"', 'foo.html'],
  ['attwithasciifilename25', 'attachment; filename="0000000000111111111122222"', '0000000000111111111122222'],
  [
    'attwithasciifilename35',
    'attachment; filename="00000000001111111111222222222233333"',
    '00000000001111111111222222222233333',
  ],
  ['attwithasciifnescapedchar', 'attachment; filename="f\\oo.html"', 'foo.html'],
  ['attwithasciifnescapedquote', 'attachment; filename="\\"quoting\\" tested.html"', '"quoting" tested.html'],
  ['attwithquotedsemicolon', 'attachment; filename="Here\'s a semicolon;.html"', "Here's a semicolon;.html"],
  ['attwithfilenameandextparam', 'attachment; foo="bar"; filename="foo.html"', 'foo.html'],
  ['attwithfilenameandextparamescaped', 'attachment; foo="\\"\\\\";filename="foo.html"', 'foo.html'],
  ['attwithasciifilenameucase', 'attachment; FILENAME="foo.html"', 'foo.html'],
  ['attwithasciifilenamenq', 'attachment; filename=foo.html', 'foo.html'],
  ['attwithtokfncommanq', 'attachment; filename=foo,bar.html', 'foo,bar.html'],
  ['attwithasciifilenamenqs', 'attachment; filename=foo.html ;', 'foo.html'],
  ['attemptyparam', 'attachment; ;filename=foo', 'foo'],
  ['attwithasciifilenamenqws', 'attachment; filename=foo bar.html', 'foo bar.html'],
  ['attwithfntokensq', "attachment; filename='foo.bar'", "'foo.bar'"],
  ['attwithisofnplain', 'attachment; filename="foo-\xe4.html"', 'foo-ä.html'],
  ['attwithutf8fnplain', utf8('attachment; filename="foo-ä.html"'), 'foo-ä.html'],
  ['attwithfnrawpctenca', 'attachment; filename="foo-%41.html"', 'foo-A.html'],
  ['attwithfnusingpct', 'attachment; filename="50%.html"', '50%.html'],
  ['attwithfnrawpctencaq', 'attachment; filename="foo-%\\41.html"', 'foo-A.html'],
  ['attwithnamepct', 'attachment; name="foo-%41.html"', null],
  ['attwithfilenamepctandiso', 'attachment; filename="\xe4-%41.html"', 'ä-A.html'],
  ['attwithfnrawpctenclong', 'attachment; filename="foo-%c3%a4-%e2%82%ac.html"', 'foo-ä-€.html'],
  ['attwithasciifilenamews1', 'attachment; filename ="foo.html"', 'foo.html'],
  ['attwith2filenames', 'attachment; filename="foo.html"; filename="bar.html"', 'foo.html'],
  ['attfnbrokentoken', 'attachment; filename=foo[1](2).html', 'foo[1](2).html'],
  ['attfnbrokentokeniso', 'attachment; filename=foo-\xe4.html', 'foo-ä.html'],
  ['attfnbrokentokenutf', utf8('attachment; filename=foo-ä.html'), 'foo-ä.html'],
  ['attmissingdisposition', 'filename=foo.html', 'foo.html'],
  ['attmissingdisposition2', 'x=y; filename=foo.html', 'foo.html'],
  ['attmissingdisposition3', '"foo; filename=bar;baz"; filename=qux', 'qux'],
  ['attmissingdisposition4', 'filename=foo.html, filename=bar.html', 'foo.html'],
  ['emptydisposition', '; filename=foo.html', 'foo.html'],
  ['doublecolon', ': inline; attachment; filename=foo.html', 'foo.html'],
  ['attandinline', 'inline; attachment; filename=foo.html', 'foo.html'],
  ['attandinline2', 'attachment; inline; filename=foo.html', 'foo.html'],
  ['attbrokenquotedfn', 'attachment; filename="foo.html".txt', 'foo.html'],
  ['attbrokenquotedfn2', 'attachment; filename="bar', 'bar'],
  ['attbrokenquotedfn3', 'attachment; filename=foo"bar;baz"qux', 'foo"bar;baz"qux'],
  ['attmultinstances', 'attachment; filename=foo.html, attachment; filename=bar.html', 'foo.html'],
  ['attmissingdelim', 'attachment; foo=foo filename=bar', null],
  ['attmissingdelim2', 'attachment; filename=bar foo=foo', 'bar foo=foo'],
  ['attmissingdelim3', 'attachment filename=bar', 'bar'],
  ['attreversed', 'filename=foo.html; attachment', 'foo.html'],
  ['attconfusedparam', 'attachment; xfilename=foo.html', null],
  ['attcdate', 'attachment; creation-date="Wed, 12 Feb 1997 16:29:51 -0500"', null],
  ['attmdate', 'attachment; modification-date="Wed, 12 Feb 1997 16:29:51 -0500"', null],
  ['dispext', 'foobar', null],
  ['dispextbadfn', 'attachment; example="filename=example.txt"', null],
  ['attwithisofn2231iso', "attachment; filename*=iso-8859-1''foo-%E4.html", 'foo-ä.html'],
  ['attwithfn2231utf8', "attachment; filename*=UTF-8''foo-%c3%a4-%e2%82%ac.html", 'foo-ä-€.html'],
  ['attwithfn2231noc', "attachment; filename*=''foo-%c3%a4-%e2%82%ac.html", 'foo-ä-€.html'],
  ['attwithfn2231utf8comp', "attachment; filename*=UTF-8''foo-a%cc%88.html", 'foo-a\u0308.html'],
  ['attwithfn2231utf8-bad', "attachment; filename*=iso-8859-1''foo-%c3%a4-%e2%82%ac.html", 'foo-Ã¤-â‚¬.html'],
  ['attwithfn2231iso-bad', "attachment; filename*=utf-8''foo-%E4.html", null],
  ['attwithfn2231ws1', "attachment; filename *=UTF-8''foo-%c3%a4.html", null],
  ['attwithfn2231ws2', "attachment; filename*= UTF-8''foo-%c3%a4.html", 'foo-ä.html'],
  ['attwithfn2231ws3', "attachment; filename* =UTF-8''foo-%c3%a4.html", 'foo-ä.html'],
  ['attwithfn2231quot', 'attachment; filename*="UTF-8\'\'foo-%c3%a4.html"', 'foo-ä.html'],
  ['attwithfn2231quot2', 'attachment; filename*="foo%20bar.html"', 'foo bar.html'],
  ['attwithfn2231singleqmissing', "attachment; filename*=UTF-8'foo-%c3%a4.html", null],
  ['attwithfn2231nbadpct1', "attachment; filename*=UTF-8''foo%", null],
  ['attwithfn2231nbadpct2', "attachment; filename*=UTF-8''f%oo.html", null],
  ['attwithfn2231dpct', "attachment; filename*=UTF-8''A-%2541.html", 'A-%41.html'],
  ['attwithfn2231abspathdisguised', "attachment; filename*=UTF-8''%5cfoo.html", '\\foo.html'],
  ['attfncont', 'attachment; filename*0="foo."; filename*1="html"', 'foo.html'],
  ['attfncontqs', 'attachment; filename*0="foo"; filename*1="\\b\\a\\r.html"', 'foobar.html'],
  ['attfncontenc', 'attachment; filename*0*=UTF-8\'\'foo-%c3%a4; filename*1=".html"', 'foo-ä.html'],
  ['attfncontlz', 'attachment; filename*0="foo"; filename*01="bar"', 'foo'],
  ['attfncontnc', 'attachment; filename*0="foo"; filename*2="bar"', 'foo'],
  ['attfnconts1', 'attachment; filename*1="foo."; filename*2="html"', null],
  ['attfncontord', 'attachment; filename*1="bar"; filename*0="foo"', 'foobar'],
  ['attfnboth', 'attachment; filename="foo-ae.html"; filename*=UTF-8\'\'foo-%c3%a4.html', 'foo-ä.html'],
  ['attfnboth2', 'attachment; filename*=UTF-8\'\'foo-%c3%a4.html; filename="foo-ae.html"', 'foo-ä.html'],
  [
    'attfnboth3',
    "attachment; filename*0*=ISO-8859-15''euro-sign%3d%a4; filename*=ISO-8859-1''currency-sign%3d%a4",
    'currency-sign=¤',
  ],
  ['attnewandfn', 'attachment; foobar=x; filename="foo.html"', 'foo.html'],
  ['attrfc2047token', 'attachment; filename==?ISO-8859-1?Q?foo-=E4.html?=', 'foo-ä.html'],
  ['attrfc2047quoted', 'attachment; filename="=?ISO-8859-1?Q?foo-=E4.html?="', 'foo-ä.html'],
];

test.each(cases)('%s', (_, header, name) => {
  expect(fileNameOf(header)).toBe(name);
});

test.each([
  ['attabspath', 'attachment; filename="/foo.html"'],
  ['attabspathwin', 'attachment; filename="\\\\foo.html"'],
  ['a full path from Windows', 'attachment; filename="C:\\some\\dir\\foo.html"'],
  ['a way out', 'attachment; filename="../../etc/foo.html"'],
  ['an encoded way out', "attachment; filename*=UTF-8''..%2F..%2Ffoo.html"],
])('%s leaves the name alone', (_, header) => {
  expect(safeName(fileNameOf(header) ?? '')).toBe('foo.html');
});

describe('what servers do besides', () => {
  test.each([
    ['a trailing semicolon', 'attachment; filename="a.zip";', 'a.zip'],
    ['an invalid filename* beside a good filename', 'attachment; filename="a.zip"; filename*=UTF-8\'\'%', 'a.zip'],
    ['an unknown charset beside a good filename', "attachment; filename*=klingon''x.zip; filename=a.zip", 'a.zip'],
    ['the second filename* is ignored', "attachment; filename*=UTF-8''a.zip; filename*=UTF-8''b.zip", 'a.zip'],
    ['raw UTF-8', utf8('attachment; filename="下载 文件.zip"'), '下载 文件.zip'],
    ['raw UTF-8 in filename*', utf8("attachment; filename*=UTF-8''下载.zip"), '下载.zip'],
    ['raw GB18030', 'attachment; filename="\xcf\xc2\xd4\xd8\xce\xc4\xbc\xfe.zip"', '下载文件.zip'],
    ['GBK behind percents', 'attachment; filename=%CF%C2%D4%D8.zip', '下载.zip'],
    ['raw Latin-1', 'attachment; filename="Gr\xf6\xdfe d\xe9j\xe0.zip"', 'Größe déjà.zip'],
    ['text that is decoded already', 'attachment; filename="下载.zip"', '下载.zip'],
    ['two words of RFC 2047', 'attachment; filename="=?UTF-8?B?5LiL6L29?= =?utf-8?q?_a=2Ezip?="', '下载 a.zip'],
    ['a word that cannot be decoded', 'attachment; filename="=?klingon?B?AAAA?="', '=?klingon?B?AAAA?='],
    ['a plus sign', 'attachment; filename="c++ 100%+.zip"', 'c++ 100%+.zip'],
    ['an open quote with a lone backslash', 'attachment; filename="abc\\', 'abc'],
    ['nothing', '', null],
  ])('%s', (_, header, name) => {
    expect(fileNameOf(header)).toBe(name);
  });

  test('no header throws, and none takes long', () => {
    const pieces = fc.constantFrom(
      'filename',
      '*',
      '*0',
      '=',
      ';',
      '"',
      '\\',
      "''",
      'UTF-8',
      '%',
      '%e4',
      '=?',
      '?B?',
      '?=',
      ' ',
      ',',
      'x',
      '\xe4',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (all) => typeof (fileNameOf(all.join('')) ?? '') === 'string'),
    );
    const started = performance.now();
    for (const piece of ['"', '\\"', 'filename="', '=?a?b?', '%', ';', '";"', 'filename*0', ', filename', ' =']) {
      fileNameOf('filename=' + piece.repeat(16_384 / piece.length));
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
