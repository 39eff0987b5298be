/** The entry of the watch page. */

import { mountAll, register } from "./ui/mount.ts";
import { Screen } from "./screen/screen.ts";

register({ screen: (element) => new Screen(element).start() });
mountAll();
