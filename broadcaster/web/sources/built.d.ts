// What the build puts into the service worker.
declare const RELEASE: string;
declare const KEPT_FILES: string[];
