import { createContext } from "react";

/** True for what has been asked for while its code was still being loaded: it opens as soon as it is there. */
export const OpenAtOnce = createContext(false);
