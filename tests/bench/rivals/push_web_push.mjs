// npm's web-push, as its README has it, with an agent that keeps connections. Prints JSON.
import { readFileSync } from "node:fs";
import { Agent as Plain } from "node:http";
import https from "node:https";
import http from "node:http";
import webpush from "web-push";

const [path, payloadPath, concurrency] = process.argv.slice(2);
const to = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const payload = readFileSync(payloadPath);
const keys = webpush.generateVAPIDKeys();
webpush.setVapidDetails("mailto:ops@example.org", keys.publicKey, keys.privateKey);
// It speaks https only: on loopback the sink speaks plain HTTP, so its requests are taken over as they are.
const agent = new Plain({ keepAlive: true, maxSockets: Number(concurrency) });
https.request = (options, callback) => http.request({ ...options, agent }, callback);

let next = 0;
async function oneAfterAnother() {
  while (next < to.length) {
    const each = to[next++];
    const answer = await webpush.sendNotification(each, payload, { TTL: 3600 });
    if (answer.statusCode !== 201) throw new Error(`status ${answer.statusCode}`);
  }
}

const before = process.cpuUsage();
const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(concurrency) }, oneAfterAnother));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ wall_s: Number(process.hrtime.bigint() - began) / 1e9, cpu_s: (user + system) / 1e6 }));
agent.destroy();
