import type { Catalogue } from "./en";
import { en } from "./en";
export const id: Catalogue = en;
