import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileIngest, type FileIngestOptions } from './file-ingest.ts';
import { type InteractionTable, interactionTypes } from './tables.ts';
import { textIdOf } from './text-id.ts';

const receivedAtMs = Date.UTC(2024, 0, 31);

function ingest(text: string | Uint8Array, options: Partial<FileIngestOptions> = {}, chunkBytes = 1 << 20) {
  const file = new FileIngest({ fileName: 'drop.csv', pseudonymOf: (id) => `#${id}`, receivedAtMs, ...options });
  const bytes = Buffer.from(text as Uint8Array);
  for (let at = 0; at < bytes.length; at += chunkBytes) file.write(bytes.subarray(at, at + chunkBytes));
  return file.finish();
}

function rowsOf(table: InteractionTable) {
  return Array.from({ length: table.rows }, (_, row) => ({
    customer: table.customers[table.customerIndex[row]!],
    type: interactionTypes[table.typeCode[row]!],
    at: new Date(table.atMs[row]!).toISOString(),
    item: table.items[table.itemIndex[row]!],
    quantity: table.quantity[row],
    amount: table.amount[row],
    rating: table.rating[row],
    textId: table.textIds[table.textIndex[row]!],
    order: table.orders[table.orderIndex[row]!],
  }));
}

const nothing = { item: undefined, textId: undefined, order: undefined, rating: Number.NaN };
const codesOf = ({ rejects }: ReturnType<typeof ingest>) => rejects.rows.map(({ line, code }) => [line, code]);

describe('order lines', () => {
  it('reads sales with ids', () => {
    const file = ingest(
      'sale_date,customer_id,product_id,store_id,unit_sales,store_sales\n1997-01-01,106,190,6,4,14.96\n1997-01-02,106.0,250,6,-1,-2.59\n',
    );
    expect(file.kind).toBe('interactions');
    expect(rowsOf(file.interactions)).toEqual([
      {
        ...nothing,
        customer: '#106',
        type: 'purchase',
        at: '1997-01-01T00:00:00.000Z',
        item: '190',
        quantity: 4,
        amount: 14.96,
      },
      {
        ...nothing,
        customer: '#106',
        type: 'refund',
        at: '1997-01-02T00:00:00.000Z',
        item: '250',
        quantity: 1,
        amount: 2.59,
      },
    ]);
    expect(file.items).toEqual([]);
    expect(file.identities).toEqual([{ customer: '#106', customerId: '106' }]);
    expect(file.report).toMatchObject({
      ignoredColumns: ['store_id'],
      firstAtMs: Date.UTC(1997, 0, 1),
      lastAtMs: Date.UTC(1997, 0, 2),
    });
  });

  it('takes the description for the item where there is no item id, and the country for an attribute', () => {
    const file = ingest(
      'Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n' +
        ' HOT  WATER BOTTLE ,2,2010-12-01 08:26,2.5,17850,EIRE\n' +
        'HOT WATER BOTTLE,1,2010-12-02 08:26,3,17850,France\n' +
        '"JAM JAR, SET OF 3",1,2010-12-01 09:00,0,13047,EIRE\n' +
        'POSTAGE,1,2010-12-01 09:00,18,,EIRE\n',
    );
    expect(rowsOf(file.interactions).map(({ customer, item, amount }) => [customer, item, amount])).toEqual([
      ['#17850', 'HOT WATER BOTTLE', 5],
      ['#17850', 'HOT WATER BOTTLE', 3],
      ['#13047', 'JAM JAR, SET OF 3', 0],
    ]);
    expect(file.items).toEqual([
      {
        item: 'HOT WATER BOTTLE',
        title: 'HOT WATER BOTTLE',
        categoryPath: [],
        price: 3,
        textId: textIdOf('HOT WATER BOTTLE'),
      },
      {
        item: 'JAM JAR, SET OF 3',
        title: 'JAM JAR, SET OF 3',
        categoryPath: [],
        textId: textIdOf('JAM JAR, SET OF 3'),
      },
    ]);
    expect(file.customers).toEqual([
      { customer: '#17850', attributes: { country: 'France' } },
      { customer: '#13047', attributes: { country: 'EIRE' } },
    ]);
    expect(codesOf(file)).toEqual([[5, 'MISSING_CUSTOMER']]);
    expect(file.report.scripts).toEqual({ latin: 25, han: 0 });
  });

  it('keeps orders apart by a hash, and gives an id the title that most rows give it', () => {
    const file = ingest(
      'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n' +
        '536365,85123A,damaged?,1,12/1/2010 8:26,2.55,17850,UK\n' +
        '536365,85123A,LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,UK\n' +
        'C536379,85123A,LIGHT HOLDER,-1,12/13/2010 9:41,2.75,17850,UK\n',
    );
    const rows = rowsOf(file.interactions);
    expect(rows.map(({ type, at, quantity, amount }) => [type, at, quantity, amount])).toEqual([
      ['purchase', '2010-12-01T08:26:00.000Z', 1, 2.55],
      ['purchase', '2010-12-01T08:26:00.000Z', 6, 6 * 2.55],
      ['refund', '2010-12-13T09:41:00.000Z', 1, 2.75],
    ]);
    expect(rows[0]!.order).toMatch(/^[0-9a-f]{32}$/);
    expect(rows[1]!.order).toBe(rows[0]!.order);
    expect(rows[2]!.order).not.toBe(rows[0]!.order);
    expect(file.items).toEqual([
      { item: '85123A', title: 'LIGHT HOLDER', categoryPath: [], price: 2.55, textId: textIdOf('LIGHT HOLDER') },
    ]);
  });

  it('takes a negative quantity for a refund even where the amount is positive', () => {
    const file = ingest('customer_id,date,product_id,quantity,amount\n7,2023-01-01,p,-2,10\n7,2023-01-01,p,2,-10\n');
    expect(rowsOf(file.interactions).map(({ type, quantity, amount }) => [type, quantity, amount])).toEqual([
      ['refund', 2, 10],
      ['refund', 2, 10],
    ]);
  });

  it('goes by the latest row, not the last, for what rows say of a customer, and by the most for a title', () => {
    const file = ingest(
      'customer_id,date,sku,product_name,quantity,country,email\n' +
        '7,2023-05-01,p,Cup,1,Peru,new@x.io\n7,2023-06-01,p,Cup,1,,\n7,2023-04-01,p,cup (old),1,Chile,old@x.io\n',
    );
    expect(file.customers).toEqual([{ customer: '#7', attributes: { country: 'Peru' } }]);
    expect(file.identities).toEqual([{ customer: '#7', customerId: '7', email: 'new@x.io' }]);
    expect(file.items.map(({ title }) => title)).toEqual(['Cup']);
  });

  it('counts rows as duplicates only where every cell is equal, known or not', () => {
    const row = '7,2023-01-01,p,1';
    const file = ingest(`customer_id,date,product_id,quantity,till\n${row},a\n${row},b\n${row},a\n`);
    expect(file.report).toMatchObject({ read: 3, accepted: 2, duplicates: 1 });
  });

  it('reads Chinese order lines', () => {
    const file = ingest(
      '订单号,客户编号,商品名称,品类,数量,金额,下单时间\nA1,张7,绿茶,饮料,2,39.8元,2023年5月1日 12:30\n',
    );
    expect(rowsOf(file.interactions)).toEqual([
      {
        customer: '#张7',
        type: 'purchase',
        at: '2023-05-01T12:30:00.000Z',
        item: '绿茶',
        quantity: 2,
        amount: 39.8,
        rating: Number.NaN,
        textId: undefined,
        order: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ]);
    expect(file.items).toEqual([
      { item: '绿茶', title: '绿茶', categoryPath: ['饮料'], textId: textIdOf('绿茶, 饮料') },
    ]);
    expect(file.report.scripts).toEqual({ latin: 0, han: 4 });
  });

  it('reads semicolons with decimal commas and day-first dates', () => {
    const file = ingest('customer_id;date;product_id;quantity;unit_price\n7;31.12.2020 10:00;p1;2;1.234,50\n');
    expect(rowsOf(file.interactions)).toEqual([
      {
        ...nothing,
        customer: '#7',
        type: 'purchase',
        at: '2020-12-31T10:00:00.000Z',
        item: 'p1',
        quantity: 2,
        amount: 2469,
      },
    ]);
    expect(file.report.delimiter).toBe(';');
  });

  it('knows events by their names', () => {
    const file = ingest(
      'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nu1,i1,1600000000,View\nu1,i1,1600000001,Add to Cart\nu1,i1,1600000002,Purchase\nu1,,1600000003,搜索\nu1,i1,1600000004,Spun Wheel\n',
    );
    expect(rowsOf(file.interactions).map(({ type, quantity }) => [type, quantity])).toEqual([
      ['view', Number.NaN],
      ['cart', Number.NaN],
      ['purchase', 1],
      ['search', Number.NaN],
      ['custom', Number.NaN],
    ]);
  });
});

describe('reviews', () => {
  it('cleans and scrubs texts, keeps each once, and reads the profile beside them', () => {
    const file = ingest(
      '用户ID,商品ID,评论内容,评分,评论时间,性别,年龄,城市\n' +
        'u1,p1,"质量很好，<br>联系 13812345678",5,2023-05-01 08:00:00,女,31,上海\n' +
        'u2,p1,"质量很好，<br>联系 13812345678",0,2023/5/2,男,,\n' +
        'u2,p2,,4,2023/5/3,男,,北京\n',
    );
    const text = '质量很好， 联系 [phone]';
    expect(file.texts).toEqual([{ textId: textIdOf(text), text }]);
    expect(rowsOf(file.interactions).map(({ type, rating, textId }) => [type, rating, textId])).toEqual([
      ['review', 5, textIdOf(text)],
      ['review', Number.NaN, textIdOf(text)],
      ['review', 4, undefined],
    ]);
    expect(file.customers).toEqual([
      { customer: '#u1', attributes: { gender: 0, age: 31, city: '上海' } },
      { customer: '#u2', attributes: { gender: 1, city: '北京' } },
    ]);
  });

  it('brings ratings of another scale to 1 to 5', () => {
    const file = ingest('user_id,asin,rating,timestamp\nu,a,10,1600000000\nu,b,1,1600000000\nu,c,5.5,1600000000\n');
    expect([...file.interactions.rating]).toEqual([5, 1, 3]);
  });
});

describe('customers', () => {
  it('standardises what it knows, keeps what describes many, and drops what names one', () => {
    const file = ingest(
      'customer_id,fname,lname,email,phone1,address1,city,birthdate,gender,yearly_income,houseowner,marital_status,cars,tel2,motto,opened,date_accnt_opened\n' +
        '1,Ann,Lee,ANN@x.io,271-555-9715,1 Elm St,Lima,1961-08-26,F,$30K - $50K,Y,M,4,202-555-0143,carpe diem,2020-01-01,1991-09-10\n' +
        '2,Bo,Ek,,,2 Elm St,Lima,1970-01-02,M,$150K +,N,S,1,202-555-0144,sic,2020-01-02,1992-01-01\n' +
        '3,,,,,,,,x,$30K - $50K,Y,M,2,,,,\n' +
        '4,,,,,,,,,$150K +,N,S,,,,,\n',
    );
    expect(file.kind).toBe('customers');
    const lima = { city: 'Lima' };
    expect(file.customers).toEqual([
      {
        customer: '#1',
        attributes: {
          ...lima,
          gender: 0,
          birthYear: 1961,
          yearly_income: 40000,
          houseowner: 1,
          marital_status: 'M',
          cars: 4,
        },
        createdAtMs: Date.UTC(1991, 8, 10),
      },
      {
        customer: '#2',
        attributes: {
          ...lima,
          gender: 1,
          birthYear: 1970,
          yearly_income: 150000,
          houseowner: 0,
          marital_status: 'S',
          cars: 1,
        },
        createdAtMs: Date.UTC(1992, 0, 1),
      },
      { customer: '#3', attributes: { yearly_income: 40000, houseowner: 1, marital_status: 'M', cars: 2 } },
      { customer: '#4', attributes: { yearly_income: 150000, houseowner: 0, marital_status: 'S' } },
    ]);
    expect(file.identities[0]).toEqual({
      customer: '#1',
      customerId: '1',
      name: 'Ann Lee',
      email: 'ann@x.io',
      phone: '271-555-9715',
    });
    expect(file.identities[2]).toEqual({ customer: '#3', customerId: '3' });
    expect(file.report.ignoredColumns).toEqual(['tel2', 'motto', 'opened']);
    expect(JSON.stringify([file.customers, file.texts, file.report])).not.toMatch(/Ann|Lee|555|Elm|carpe|@/i);
  });

  it('knows customers by e-mail address where there is no id', () => {
    const file = ingest('Email,First Name\nJane@X.io,Jane\n');
    expect(file.identities).toEqual([
      { customer: '#jane@x.io', customerId: 'jane@x.io', name: 'Jane', email: 'jane@x.io' },
    ]);
  });

  it('writes a Chinese name family name first, and reads Chinese columns', () => {
    const file = ingest('客户编号,姓,名,性别,生日\n7,张,三,男,1985年5月31日\n');
    expect(file.identities).toEqual([{ customer: '#7', customerId: '7', name: '张三' }]);
    expect(file.customers).toEqual([{ customer: '#7', attributes: { gender: 1, birthYear: 1985 } }]);
  });

  it('lets the last of rows with the same id count', () => {
    const file = ingest('customer_id,age\n1,30\n1,30\n1,31\n2,44\n,50\n3,200\n');
    expect(file.customers.map(({ customer, attributes }) => [customer, attributes['age']])).toEqual([
      ['#1', 31],
      ['#2', 44],
    ]);
    expect(codesOf(file)).toEqual([
      [2, 'DUPLICATE_ID'],
      [6, 'MISSING_ID'],
      [7, 'IMPOSSIBLE_AGE'],
    ]);
    expect(file.report).toMatchObject({ read: 6, accepted: 2, rejected: 3, duplicates: 1 });
  });
});

describe('items', () => {
  it('reads titles, categories, brand and price', () => {
    const file = ingest(
      'product_id,product_name,brand_name,SRP,product_family,product_subcategory\n1,Berry Juice,Washington,2.85,Drink,Juice\n2,,X,1,Food,Cake\n3,Cup,,-1,Home,\n4,Jar,,,,\n',
    );
    expect(file.items).toEqual([
      {
        item: '1',
        title: 'Berry Juice',
        categoryPath: ['Drink', 'Juice'],
        brand: 'Washington',
        price: 2.85,
        textId: textIdOf('Berry Juice, Juice'),
      },
      { item: '4', title: 'Jar', categoryPath: [], textId: textIdOf('Jar') },
    ]);
    expect(codesOf(file)).toEqual([
      [3, 'MISSING_TITLE'],
      [4, 'NEGATIVE_PRICE'],
    ]);
  });
});

describe('rejected rows', () => {
  it('says why, once a row, with its line and cells', () => {
    const lines = [
      ',2023-01-01,p1,1,1',
      'c1,,p1,1,1',
      'c1,soon,p1,1,1',
      'c1,1970-01-01,p1,1,1',
      'c1,2024-02-02,p1,1,1',
      'c1,2023-01-01,p1,many,1',
      'c1,2023-01-01,p1,0,1',
      'c1,2023-01-01,p1,1,-1',
      'c1,2023-01-01,,,',
      `c1,2023-01-01,${'p'.repeat(257)},1,1`,
      'c1,2023-01-01,p1',
      'c1,2023-01-01,p1,1,"1',
      'c1,2023-01-01,p1,1,1',
    ];
    const file = ingest(`customer_id,date,product_id,quantity,unit_price\n${lines.join('\n')}\n`);
    expect(codesOf(file)).toEqual(
      [
        'MISSING_CUSTOMER',
        'MISSING_TIME',
        'UNPARSEABLE_TIME',
        'IMPOSSIBLE_TIME',
        'FUTURE_TIME',
        'UNPARSEABLE_NUMBER',
        'ZERO_QUANTITY',
        'NEGATIVE_PRICE',
        'MISSING_ITEM',
        'OVERLONG_FIELD',
        'TOO_FEW_CELLS',
        'MALFORMED_QUOTE',
      ].map((code, index) => [index + 2, code]),
    );
    expect(file.rejects.header).toEqual(['customer_id', 'date', 'product_id', 'quantity', 'unit_price']);
    expect(file.rejects.rows[5]!.cells).toEqual(['c1', '2023-01-01', 'p1', 'many', '1']);
    expect(file.interactions.rows).toBe(1);
    expect(file.report).toMatchObject({ read: 13, accepted: 1, rejected: 12, duplicates: 0 });
  });

  it('does not take money of another currency for the shop’s', () => {
    const text = 'customer_id,date,amount,currency\nc1,2023-01-01,1,EUR\nc2,2023-01-01,2,usd\nc3,2023-01-01,3,EUR\n';
    expect(codesOf(ingest(text))).toEqual([[3, 'FOREIGN_CURRENCY']]);
    expect(codesOf(ingest(text, { currency: 'USD' }))).toEqual([
      [2, 'FOREIGN_CURRENCY'],
      [4, 'FOREIGN_CURRENCY'],
    ]);
  });

  it('leaves out customers, texts and items that only rejected rows name', () => {
    const file = ingest('customer_id,date,product_id,comment\nc1,2023-01-01,p1,fine\nc2,soon,p2,lost\n');
    expect(file.interactions).toMatchObject({ customers: ['#c1'], items: ['p1'] });
    expect(file.identities).toEqual([{ customer: '#c1', customerId: 'c1' }]);
    expect(file.texts.map(({ text }) => text)).toEqual(['fine']);
  });

  it('rejects a cell that is not UTF-8 in a file that is', () => {
    const file = ingest(
      Buffer.concat([
        Buffer.from('customer_id,date,product_id\nc1,2023-01-01,质量\nc2,2023-01-01,x'),
        Buffer.of(0xe9),
        Buffer.from('\n'),
      ]),
    );
    expect(codesOf(file)).toEqual([[3, 'INVALID_ENCODING']]);
  });

  it('may be mended and dropped again with the columns that the file of rejects added', () => {
    const file = ingest(
      'customer_id,plan,_line,_code,_message\n1,gold,7,IMPOSSIBLE_AGE,x\n2,gold,9,IMPOSSIBLE_AGE,x\n',
    );
    expect(file.customers.map(({ attributes }) => attributes)).toEqual([{ plan: 'gold' }, { plan: 'gold' }]);
  });
});

describe('whole files', () => {
  it.each([
    ['', 'EMPTY_FILE'],
    ['\n\n', 'EMPTY_FILE'],
    ['customer_id,age\n', 'NO_VALID_ROWS'],
    ['customer_id,age\n,5\n', 'NO_VALID_ROWS'],
    ['foo,bar\n1,2\n', 'UNKNOWN_COLUMNS'],
    ['PK\u0003\u0004rest', 'BINARY_FILE'],
    ['a,b\0\n', 'BINARY_FILE'],
  ])('%j is rejected as %s', (text, code) => {
    const file = ingest(text);
    expect(file.status).toBe('rejected');
    expect(file.problem?.code).toBe(code);
    expect(file.interactions.rows + file.customers.length + file.items.length).toBe(0);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeffcustomer_id,age\n1,2\n', 'utf16le')],
    [
      'GBK',
      Buffer.concat([Buffer.from('customer_id,city\n1,'), Buffer.from('c9ccc6b7c3fbb3c6', 'hex'), Buffer.from('\n')]),
    ],
  ])('%s is rejected as NOT_UTF8', (_, bytes) => {
    expect(ingest(bytes).problem?.code).toBe('NOT_UTF8');
  });

  it('can be refused by the one who carries it', () => {
    const file = new FileIngest({ fileName: 'x.csv.gz', pseudonymOf: (id) => id, receivedAtMs });
    file.write(Buffer.from('customer_id,age\n1,30\n'));
    file.refuse('TRUNCATED_GZIP', 'the gzip data is cut off');
    expect(file.finish()).toMatchObject({
      status: 'rejected',
      problem: { code: 'TRUNCATED_GZIP', message: 'the gzip data is cut off' },
      customers: [],
    });
  });

  it('reads through a byte order mark, CRLF and Windows-1252', () => {
    expect(ingest('\ufeffcustomer_id,age\r\n1,30\r\n').customers).toEqual([
      { customer: '#1', attributes: { age: 30 } },
    ]);
    const western = ingest(Buffer.from('customer_id,city\n1,Z\xfcrich\n', 'latin1'));
    expect(western.customers).toEqual([{ customer: '#1', attributes: { city: 'Zürich' } }]);
    expect(western.report.encoding).toBe('windows-1252');
    expect(western.report.notes).toEqual([expect.stringContaining('Windows-1252')]);
  });

  it('counts every row once, and gives the same records however the bytes are cut', () => {
    const id = fc.constantFrom('', 'c1', 'c2', 'c2.0', '"c,3"', '"c4');
    const date = fc.constantFrom('', '2023-01-01', '2023-01-02 10:00', 'soon', '2031-01-01');
    const quantity = fc.constantFrom('', '1', '2', '-1', '0', 'x');
    const line = fc.oneof(
      {
        weight: 9,
        arbitrary: fc.tuple(id, date, fc.constantFrom('', 'p1', 'p2'), quantity).map((cells) => cells.join(',')),
      },
      { weight: 1, arbitrary: fc.constantFrom('', 'c1', 'c1,2023-01-01,p1,1,1,1', '"') },
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 25 }), fc.integer({ min: 1, max: 50 }), (lines, chunkBytes) => {
        const text = `customer_id,date,product_id,quantity\n${lines.join('\n')}\n`;
        const file = ingest(text);
        const { read, accepted, rejected, duplicates, rejectedByReason } = file.report;
        expect(read).toBe(accepted + rejected + duplicates);
        expect(file.interactions.rows).toBe(accepted);
        expect(file.rejects.rows.length).toBe(rejected);
        expect(Object.values(rejectedByReason).reduce((sum, count) => sum + count, 0)).toBe(rejected);
        expect(ingest(text, {}, chunkBytes)).toEqual(file);
      }),
      { seed: 6, numRuns: 150 },
    );
  });
});
