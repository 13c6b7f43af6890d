/*
 * What waits on this tablet, in IndexedDB; the pages and the service worker read and write the same store.
 * A classic script, since a worker cannot import modules in every browser: it leaves one object behind.
 *
 * An entry: {id (in the order of entering), key, visit, url, fields: [[name, value], ...],
 *            entered: {at, device_at, by, name, words}, state: "waiting" | "refused", problems: [sentence, ...]}
 */
globalThis.evenkeelStore = (() => {
  const NAME = "evenkeel-queue";
  const KEPT = "evenkeel-kept";
  const STATIC = "evenkeel-static";
  const KEPT_HEADER = "X-Evenkeel-Kept-At";
  // A kept page shows a patient: it is for this day in the chair and no longer. Proposal.
  const KEPT_HOURS = 12;

  function opened() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => {
        const store = asked.result.createObjectStore("entries", { keyPath: "id", autoIncrement: true });
        store.createIndex("key", "key", { unique: true });
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  /* Resolves with what `act` asked for once the change is on the disk, and not before. */
  async function within(mode, act) {
    const base = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const change = base.transaction("entries", mode, { durability: "strict" });
        const asked = act(change.objectStore("entries"));
        change.oncomplete = () => resolve(asked?.result);
        change.onerror = change.onabort = () => reject(change.error);
      });
    } finally {
      base.close();
    }
  }

  async function announced(change) {
    const result = await change;
    const channel = new BroadcastChannel(NAME);
    channel.postMessage("changed");
    channel.close();
    return result;
  }

  const all = () => within("readonly", (store) => store.getAll());
  const put = (entry) => announced(within("readwrite", (store) => store.put(entry)));
  const remove = (id) => announced(within("readwrite", (store) => store.delete(id)));

  /*
   * Adds an entry. One that was refused and is put right takes its own place again; the same form once more is the
   * same entry; another one under its key, from a page gone back to, is an entry of its own.
   */
  async function add(entry) {
    const held = (await all()).find((each) => each.key === entry.key);
    if (!held) return put(entry);
    if (held.state === "refused") return put({ ...entry, id: held.id });
    if (said(held) === said(entry)) return undefined;
    const key = crypto.randomUUID();
    const fields = entry.fields.map(([name, value]) => [name, name === "idempotency_key" ? key : value]);
    return put({ ...entry, key, fields });
  }

  function said(entry) {
    return JSON.stringify([entry.url, entry.fields.filter(([name]) => name !== "entered")]);
  }

  async function removeKey(key) {
    for (const each of await all()) if (each.key === key) await remove(each.id);
  }

  function isTooOld(answer) {
    const at = Date.parse(answer.headers.get(KEPT_HEADER));
    return !(Date.now() - at < KEPT_HOURS * 3600000);
  }

  async function wipe() {
    await caches.delete(KEPT);
  }

  async function wipeVisit(visit) {
    const cache = await caches.open(KEPT);
    for (const request of await cache.keys()) {
      if (new URL(request.url).pathname.startsWith(`/visits/${visit}/`)) await cache.delete(request);
    }
  }

  async function wipeOld() {
    const cache = await caches.open(KEPT);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      if (answer && isTooOld(answer)) await cache.delete(request);
    }
  }

  return { NAME, KEPT, STATIC, KEPT_HEADER, all, put, add, remove, removeKey, isTooOld, wipe, wipeVisit, wipeOld };
})();
