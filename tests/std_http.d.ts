// Types for the parts of @std/http that tests use: the package behind the alias ships none.

/** A cookie as `Set-Cookie` describes it. */
export interface Cookie {
  name: string;
  value: string;
  maxAge?: number;
  path?: string;
  domain?: string;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: "Strict" | "Lax" | "None";
}
export declare function getCookies(headers: Headers): Record<string, string>;
export declare function setCookie(headers: Headers, cookie: Cookie): void;
export declare function deleteCookie(
  headers: Headers,
  name: string,
  attributes?: { path?: string; domain?: string; secure?: boolean; httpOnly?: boolean },
): void;
