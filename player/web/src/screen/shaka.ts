/** The one door to Shaka Player; a chunk of its own, fetched while the playback is being asked for (`build.mjs` unwraps it). */

import shaka from "shaka-player/dist/shaka-player.ui-es2021.js";

export default shaka;
