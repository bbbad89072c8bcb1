// Looks of the lists below the graphs of a component.

export const ROW = "flex min-h-11 items-center gap-3 border-t border-line pr-1 hover:bg-hover";

export const MORE = "flex min-h-8 items-center text-accent hover:underline pointer-coarse:min-h-10";
