/** What every page loads: the small modules at once, the heavy ones when a page has use for them. */

import { copy, reveal } from "./ui/copy.ts";
import { listenForDialogs, listenForKeys, menu } from "./ui/dialogs.ts";
import { apiButton, apiForm } from "./ui/forms.ts";
import { enterLink, more, search } from "./ui/lists.ts";
import { mountAll, register } from "./ui/mount.ts";
import { theme } from "./ui/theme.ts";
import { keepTimes } from "./ui/times.ts";
import { showKeptToast } from "./ui/toast.ts";
import { learnFromPage } from "./api/clock.ts";

register({
  theme,
  menu,
  copy,
  reveal,
  search,
  more,
  "enter-link": enterLink,
  "api-form": apiForm,
  "api-button": apiButton,
  login: async (element) => (await import("./accounts/login.ts")).login(element),
  door: async (element) => (await import("./door/door.ts")).door(element),
  register: async (element) => (await import("./accounts/register.ts")).registration(element),
  recover: async (element) => (await import("./accounts/recover.ts")).recovery(element),
  password: async (element) => (await import("./accounts/password.ts")).changePassword(element),
  "token-form": async (element) => (await import("./accounts/tokens.ts")).tokenForm(element),
  uploader: async (element) => (await import("./upload/uploader.ts")).uploader(element),
  progress: async (element) => (await import("./studio/progress.ts")).progress(element),
  "licence-form": async (element) => (await import("./studio/licence-form.ts")).licenceForm(element),
  poster: async (element) => (await import("./studio/poster.ts")).poster(element),
  "subtitle-form": async (element) => (await import("./studio/subtitles.ts")).subtitleForm(element),
  standing: async (element) => (await import("./ui/standing.ts")).standing(element),
  "offer-form": async (element) => (await import("./studio/offers.ts")).offerForm(element),
  "codes-form": async (element) => (await import("./studio/offers.ts")).codesForm(element),
  redeem: async (element) => (await import("./studio/offers.ts")).redeem(element),
  bulk: async (element) => (await import("./studio/offers.ts")).bulk(element),
  licences: async (element) => (await import("./studio/licences.ts")).licences(element),
});

document.documentElement.classList.add("js");
learnFromPage();
listenForDialogs();
listenForKeys();
keepTimes();
showKeptToast();
mountAll();
