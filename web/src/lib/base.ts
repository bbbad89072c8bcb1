// The server writes a <base href> that leads back to the page's root under
// whatever prefix a proxy adds. It is read once: later it could be resolved
// against an address that the router has changed.
const root = new URL(document.baseURI);

/** Path of the page's root without its last slash: "" or "/logs". */
export const basePath = root.pathname.replace(/\/[^/]*$/, "");

/** Absolute address of a path below the page's root, such as "api/v1/logs". */
export function resolve(path: string): URL {
  return new URL(`${basePath}/${path}`, root.origin);
}
