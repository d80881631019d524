import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Problem, request, requestText, send } from "../../broadcaster/web/sources/parts/request.js";

let server, at, answer;
const asked = [];
before(async () => {
  server = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (part) => (body += part));
    incoming.on("end", () => {
      asked.push({ method: incoming.method, headers: incoming.headers, body });
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  at = `http://127.0.0.1:${server.address().port}/`;
});
after(() => server.close());

test("a body goes as JSON, and the answer's JSON comes back", async () => {
  answer = { status: 200, headers: {}, body: '{"people": 3}' };
  assert.deepEqual(await request("POST", at, { a: 1 }, { headers: { "X-CSRF": "c" } }), { people: 3 });
  const last = asked.at(-1);
  assert.equal(last.body, '{"a":1}');
  assert.equal(last.headers["content-type"], "application/json");
  assert.equal(last.headers["x-csrf"], "c");
});

test("no body has no content type, and an empty answer is null", async () => {
  answer = { status: 204, headers: {}, body: "" };
  assert.equal(await request("DELETE", at, undefined, {}), null);
  assert.equal(asked.at(-1).headers["content-type"], undefined);
});

test("a refusal has its code, field, parameters and how long to wait", async () => {
  const details = { title: "t", detail: "d", code: "too_many", errors: [{ field: "email", params: { most: 3 } }] };
  answer = { status: 429, headers: { "Retry-After": "7" }, body: JSON.stringify(details) };
  const problem = await request("GET", at, undefined, {}).catch((error) => error);
  assert.ok(problem instanceof Problem);
  assert.deepEqual([problem.status, problem.code, problem.field, problem.retryAfter], [429, "too_many", "email", 7]);
  assert.deepEqual(problem.params, { most: 3 });
  assert.equal(problem.message, "d");
});

test("a proxy's page is a refusal with its status", async () => {
  answer = { status: 502, headers: {}, body: "<html>Bad gateway</html>" };
  const problem = await request("GET", at, undefined, {}).catch((error) => error);
  assert.equal(problem.message, "HTTP 502");
});

test("a text comes back as it is, and its refusal like that of JSON", async () => {
  answer = { status: 200, headers: {}, body: "<p>3</p>" };
  assert.equal(await requestText("GET", at), "<p>3</p>");
  assert.equal(asked.at(-1).headers.accept, "*/*");
  answer = { status: 404, headers: {}, body: '{"code": "unknown"}' };
  const problem = await requestText("GET", at).catch((error) => error);
  assert.deepEqual([problem.status, problem.code], [404, "unknown"]);
});

test("a raw response is returned whatever its status", async () => {
  answer = { status: 503, headers: {}, body: "" };
  assert.equal((await send("PUT", at, { a: 1 })).status, 503);
});

test("where nothing answers, a TypeError is thrown", async () => {
  await assert.rejects(request("GET", "http://127.0.0.1:1/", undefined, {}), TypeError);
});
