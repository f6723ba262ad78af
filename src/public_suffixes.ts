/**
 * The Public Suffix List, for the option `suffixes` of `compileOrigins`, `compilePolicy` and the guards.
 *
 * A wildcard over a name below which strangers can register lets them all in: `*.github.io` is everybody who ever signed
 * up. The library refuses a short list of the commonest such names by itself; with this import it refuses all of them
 * too, the registries of every country and the hosting services that asked to be listed.
 *
 * ```ts
 * import { originValidator } from "@wsgate/wsgate";
 * import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
 *
 * const application = () => new Response("upgraded here");
 * const fetch = originValidator(application, ["https://*.example.com"], {
 *   suffixes: publicSuffixes,
 * });
 * export default { fetch };
 * ```
 *
 * Names of your own, below which customers or teams get theirs, are added by `publicSuffixes.with(["corp.example"])`. The
 * data is Mozilla's, under the MPL-2.0; nobody who does not import this sub-path loads it.
 *
 * @module
 */

import { makeSuffixList, type SuffixList } from "./pattern/suffix_list.ts";
import { DATE, PACKED } from "./public_suffixes_data.ts";

export type { SuffixList };

/**
 * The Public Suffix List, both its sections: the registries' suffixes and those of private owners such as hosting
 * services. It is unpacked when it is first asked.
 *
 * **Security.** The list is of the day that its `date` says. Newer registries and services are not on it; {@linkcode lint}
 * reports a list that is older than a year. Names of your own are added by `publicSuffixes.with(["corp.example"])`.
 *
 * @category Policies
 *
 * @example A wildcard over everybody's sites
 * ```ts
 * import { compileOrigins, ConfigError } from "@wsgate/wsgate";
 * import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
 * import { assertThrows } from "@std/assert";
 *
 * const options = { suffixes: publicSuffixes };
 * compileOrigins(["https://*.example.readthedocs.io"], options);
 * assertThrows(() => compileOrigins(["https://*.readthedocs.io"], options), ConfigError);
 * ```
 */
export const publicSuffixes: SuffixList = /* @__PURE__ */ makeSuffixList(PACKED, DATE);
