// A page that is read anew when what it shows has changed.

import { request } from "./request.js";

const EVERY_MS = 5_000;
const LOOK_MS = 2_000;

/** Look every two seconds, also after a look that failed; reload once one returns true. @param {() => Promise<boolean>} look */
export function reloadOnce(look) {
  setTimeout(async () => {
    if (await look().catch(() => false)) location.reload();
    else reloadOnce(look);
  }, LOOK_MS);
}

/** Reload once the mark at an address is another. @param {{news: string, mark: string}} given */
export const renew = (given) =>
  setInterval(async () => {
    if (document.hidden) return;
    const news = await request("GET", given.news).catch(() => null);
    if (news && news.mark !== given.mark) location.reload();
  }, EVERY_MS);
