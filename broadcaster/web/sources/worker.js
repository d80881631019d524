// The service worker: shows what is pushed.

self.addEventListener("push", (event) => {
  const told = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(told.title ?? "Tocsin", { body: told.body ?? "", data: told }));
});
