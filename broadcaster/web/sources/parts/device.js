// Data stored on this device: its identity at the service, alerts shown, and unsent reports. In IndexedDB, shared by
// the pages and the service worker.

const NAME = "tocsin";
const STORES = ["facts", "receipts", "alerts"];
/** @type {Promise<IDBDatabase>|null} */
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const store of STORES) if (!asked.result.objectStoreNames.contains(store)) asked.result.createObjectStore(store);
    };
    asked.onsuccess = () => {
      asked.result.onclose = asked.result.onversionchange = () => (opened = null);
      resolve(asked.result);
    };
    asked.onerror = () => {
      opened = null;
      reject(asked.error);
    };
  });
  return opened;
}

/** @param {string} store @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} work */
async function within(store, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const asked = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** @param {string} store @param {IDBValidKey} key */
export const read = (store, key) => within(store, "readonly", (each) => each.get(key));
/** @param {string} store @param {IDBValidKey} key @param {any} value */
export const write = (store, key, value) => within(store, "readwrite", (each) => each.put(value, key));
/** @param {string} store @param {IDBValidKey} key */
export const forget = (store, key) => within(store, "readwrite", (each) => each.delete(key));
/** @param {string} store */
export const every = (store) => within(store, "readonly", (each) => each.getAll());

/** Read a fact; undefined if the browser stores nothing (as in some private windows). @param {string} name */
export const fact = (name) => read("facts", name).catch(() => undefined);
/** @param {string} name @param {any} value */
export const keep = (name, value) => write("facts", name, value);
/** @param {string} name */
export const drop = (name) => forget("facts", name).catch(() => undefined);

/** Delete all data on this device. */
export async function forgetAll() {
  const database = await open();
  const transaction = database.transaction(STORES, "readwrite");
  for (const store of STORES) transaction.objectStore(store).clear();
}
