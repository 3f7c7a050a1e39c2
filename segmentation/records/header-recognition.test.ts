import { describe, expect, it } from 'vitest';
import { recognizeHeader, squashName } from './header-recognition.ts';

function recognize(header: string, fileName = 'export.csv') {
  const names = header.split(',');
  const recognition = recognizeHeader(names, fileName);
  if ('code' in recognition) return recognition;
  const fields = names.map((name, column) => [name, recognition.fields[column] ?? '-'].join('='));
  return `${recognition.kind}: ${fields.join(' ')}`;
}

describe('recognizeHeader', () => {
  it.each([
    [
      'sale_date,customer_id,product_id,store_id,unit_sales,store_sales',
      'interactions: sale_date=time customer_id=customerId product_id=itemId store_id=- unit_sales=quantity store_sales=amount',
    ],
    [
      'Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
      'interactions: Description=title Quantity=quantity InvoiceDate=time UnitPrice=price CustomerID=customerId Country=country',
    ],
    [
      'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
      'interactions: InvoiceNo=orderId StockCode=itemId Description=title Quantity=quantity InvoiceDate=time UnitPrice=price CustomerID=customerId Country=country',
    ],
    [
      'Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country',
      'interactions: Invoice=orderId StockCode=itemId Description=title Quantity=quantity InvoiceDate=time Price=price Customer ID=customerId Country=country',
    ],
    [
      'customer_id,date,quantity,amount',
      'interactions: customer_id=customerId date=time quantity=quantity amount=amount',
    ],
    [
      'rating,title,text,asin,parent_asin,user_id,timestamp',
      'interactions: rating=rating title=- text=text asin=itemId parent_asin=- user_id=customerId timestamp=time',
    ],
    [
      'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE',
      'interactions: USER_ID=customerId ITEM_ID=itemId TIMESTAMP=time EVENT_TYPE=eventType',
    ],
    [
      '用户ID,商品ID,评论内容,评分,评论时间,性别,年龄,城市',
      'interactions: 用户ID=customerId 商品ID=itemId 评论内容=text 评分=rating 评论时间=time 性别=gender 年龄=age 城市=city',
    ],
    [
      '订单号,客户编号,商品名称,数量,金额,下单时间',
      'interactions: 订单号=orderId 客户编号=customerId 商品名称=title 数量=quantity 金额=amount 下单时间=time',
    ],
    [
      '客户编号,姓名,手机,邮箱,生日,注册时间,地址',
      'customers: 客户编号=customerId 姓名=fullName 手机=phone 邮箱=email 生日=birthDate 注册时间=createdAt 地址=address',
    ],
    [
      'customer_id,name,email,created_at,total',
      'customers: customer_id=customerId name=fullName email=email created_at=createdAt total=-',
    ],
    ['Email,First Name,Last Name,City', 'customers: Email=email First Name=firstName Last Name=lastName City=city'],
    [
      'customer_id,item_id,created_at,comment',
      'interactions: customer_id=customerId item_id=itemId created_at=time comment=text',
    ],
    ['id,name,price', 'items: id=itemId name=title price=price'],
    ['id,name,email', 'customers: id=customerId name=fullName email=email'],
    [
      '商品ID,商品名称,一级类目,二级类目,品牌,价格',
      'items: 商品ID=itemId 商品名称=title 一级类目=category 二级类目=category 品牌=brand 价格=price',
    ],
    [
      'customer_id,plan,_line,_code,_message',
      'customers: customer_id=customerId plan=- _line=rejectNote _code=rejectNote _message=rejectNote',
    ],
  ])('%s', (header, recognition) => {
    expect(recognize(header)).toBe(recognition);
  });

  it('orders category levels from the widest to the narrowest, whatever the order of the columns', () => {
    const recognition = recognizeHeader(
      ['product_subcategory', 'product_id', 'product_name', 'product_family'],
      'x.csv',
    );
    expect(recognition).toMatchObject({ kind: 'items', categories: [3, 0] });
  });

  it('asks the file name where the columns fit customers as well as items', () => {
    expect(recognize('id,name', 'inbox/products.csv')).toBe('items: id=itemId name=title');
    expect(recognize('id,name', 'inbox/users.csv')).toBe('customers: id=customerId name=fullName');
    expect(recognize('id,name', 'inbox/export.csv')).toMatchObject({ code: 'UNKNOWN_COLUMNS' });
  });

  it('names what it got, what is needed and what is near', () => {
    const problem = recognize('custmer_id,purchse_date,foo');
    expect(problem).toMatchObject({ code: 'UNKNOWN_COLUMNS' });
    const { message } = problem as { message: string };
    expect(message).toContain('"custmer_id", "purchse_date", "foo"');
    expect(message).toContain('"custmer_id" is near "customerid"');
    expect(message).toContain('"purchse_date" is near "purchasedate"');
    expect(message).not.toContain('"foo" is near');
  });

  it('says that the time is missing where a customer and an item are there', () => {
    expect(recognize('customer_id,product_id')).toMatchObject({
      code: 'UNKNOWN_COLUMNS',
      message: expect.stringContaining('but no time'),
    });
  });

  it('does not repeat a first line that holds data', () => {
    const problem = recognize('17,Jane Doe,jane@example.com');
    expect(problem).toMatchObject({ code: 'UNKNOWN_COLUMNS' });
    expect((problem as { message: string }).message).not.toMatch(/Jane|17/);
  });
});

describe('squashName', () => {
  it.each([
    ['Customer ID', 'customerid'],
    [' customer_id ', 'customerid'],
    ['Ｃｕｓｔｏｍｅｒ－ＩＤ', 'customerid'],
    ['用户 ID', '用户id'],
  ])('%j is %j', (name, squashed) => {
    expect(squashName(name)).toBe(squashed);
  });
});
