// Loaded ahead of everything and before the first paint, so that the other theme never flashes. A bundle of its own.

import { kept } from "./theme_kept";

document.documentElement.dataset["theme"] = kept();
