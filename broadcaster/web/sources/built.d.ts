// What the build puts into the service worker.
declare const RELEASE: string;
declare const KEPT_FILES: string[];

declare module "*.png" {
  const dataURL: string;
  export default dataURL;
}
