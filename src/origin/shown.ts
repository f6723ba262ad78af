/**
 * What may be shown of a header that is no origin, and no host.
 */

/**
 * The part of an `Origin` or `Host` that holds neither a login nor a token: native clients write the whole address of
 * their socket into Origin, with its query, and with whose it is. Not escaped. Linear.
 */
export function shownPart(value: string): string {
  // Anywhere: which parser takes what for the user, nobody can say.
  if (value.includes("@")) return `${/^[a-z][a-z0-9+.-]{0,63}:\/\//i.exec(value)?.[0] ?? ""}...`;
  const end = value.search(/[?#]/);
  return end < 0 ? value : value.slice(0, end);
}
