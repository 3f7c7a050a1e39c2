/** OAuth scopes of the API's tokens. A route asks for one of them; whoever issues tokens gives them out. */
export const scopes = {
  readSegments: 'kindred/segments:read',
  writeCustomers: 'kindred/customers:write',
  admin: 'kindred/admin',
} as const;
export type Scope = (typeof scopes)[keyof typeof scopes];
