import { describe, expect, it } from 'vitest';
import { redactContactData } from './redaction.ts';

describe('redactContactData', () => {
  // Card numbers: the test numbers of Visa, Mastercard and American Express; IBANs: ISO 13616 registry examples; identity
  // number: the example of GB 11643-1999; telephone numbers: ranges kept for fiction.
  it.each([
    ['write to jane.doe+shop@example.co.uk please', 'write to [email] please'],
    ['mailto:a@b.io', '[email]'],
    ['联系a@b.com谢谢', '联系[email]谢谢'],
    ['邮箱：张三@例子.公司，谢谢', '邮箱：[email]，谢谢'],
    ['联系ｚｈａｎｇ＠example．com', '联系[email]'],
    ['call 271-555-9715 now', 'call [phone] now'],
    ['call (202) 555-0143.', 'call [phone].'],
    ['call 1-202-555-0143', 'call [phone]'],
    ['call 2025550143', 'call [phone]'],
    ['+44 20 7946 0958', '[phone]'],
    ['0044 20 7946 0958', '[phone]'],
    ['ring 020 7946 0958 or 07700 900123', 'ring [phone] or [phone]'],
    ['+1 (202) 555-0143', '[phone]'],
    ['06 12 34 56 78', '[phone]'],
    ['电话13812345678，请联系', '电话[phone]，请联系'],
    ['138 1234 5678', '[phone]'],
    ['１３８１２３４５６７８', '[phone]'],
    ['客服 010-12345678', '客服 [phone]'],
    ['card 4111 1111 1111 1111 thanks', 'card [card] thanks'],
    ['5555555555554444', '[card]'],
    ['378282246310005', '[card]'],
    ['IBAN GB82 WEST 1234 5698 7654 32', 'IBAN [iban]'],
    ['DE89370400440532013000', '[iban]'],
    ['身份证11010519491231002X', '身份证[id-number]'],
    ['follow @jane_doe!', 'follow [handle]!'],
    ['加我微信：zhangsan_88 谢谢', '加我微信：[handle] 谢谢'],
    ['QQ:123456789', 'QQ:[handle]'],
    ['see https://shop.example/o?email=a&id=7 for it', 'see [url] for it'],
    ['https://wa.me/15551234567', '[url]'],
  ])('%s', (text, redacted) => {
    expect(redactContactData(text)).toBe(redacted);
  });

  it.each([
    'WHITE HANGING HEART T-LIGHT HOLDER',
    'SET OF 3 CAKE TINS',
    'PACK OF 72 RETROSPOT CAKE CASES',
    'REGENCY CAKESTAND 3 TIER',
    '60 TEATIME FAIRY CAKE CASES',
    'price 1,234.56 or 19.99',
    'order 2010-12-01 08:26 arrived 2011/01/31',
    'the years 1998-2011',
    'code 85123A and 84406B-2',
    'bar code 4006381333931',
    'not a card 4111111111111112',
    'IBAN of nobody GB82 WEST 1234 5698 7654 33',
    '500 ml, 10 x 20 x 30 cm, size 12-14',
    'ratio 16:9, 8 @ 2.50 each',
    'see https://example.com/about',
    '00001234567',
    '质量很好，买了2件，花了199元，2023年5月1日到货',
    '11010519491231002',
    'time: 10:30',
    'version 1.2.3.4',
  ])('leaves "%s"', (text) => {
    expect(redactContactData(text)).toBe(text);
  });

  it('leaves placeholders alone', () => {
    const once = redactContactData('a@b.io 13812345678 @someone QQ:12345');
    expect(redactContactData(once)).toBe(once);
  });
});
