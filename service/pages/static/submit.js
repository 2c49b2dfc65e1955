"use strict";

// Everything that the service says is put into the page as text, never as markup.

const byId = (id) => document.getElementById(id);
const ENDED = ["finished", "refused", "failed", "cancelled"];
const PAUSE_MS = 1000;
let watching = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(address, options = {}, read = (answer) => answer.json()) {
  const token = byId("token").value.trim();
  sessionStorage.setItem("token", token);
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  const answer = await fetch(address, { ...options, headers });
  if (answer.ok) return read(answer);
  const content = await answer.json();
  throw new Error(`${content.code}: ${content.meaning} (${content.problem}). ${content.remedy}`);
}

function say(text, bad = false) {
  byId("message").textContent = text;
  byId("message").className = bad ? "bad" : "";
}

function points(estimate) {
  const interval = estimate.low === null ? "" : ` [${estimate.low.toFixed(1)}, ${estimate.high.toFixed(1)}]`;
  return `${estimate.value.toFixed(1)}${interval}`;
}

function outcome(each) {
  const list = element("dl");
  const add = (name, text) => list.append(element("dt", name), element("dd", text));
  if (each.result) {
    add("policy", each.result.policy);
    add("DBS", points(each.result.dbs));
    for (const [family, estimate] of Object.entries(each.result.families)) add(family, points(estimate));
    for (const [status, count] of Object.entries(each.result.failures)) add(status, `${count} episodes`);
    for (const [reason, count] of Object.entries(each.result.reasons ?? {})) add(`${count} ×`, reason);
  }
  if (each.verdict && each.verdict.code) {
    add(each.verdict.code, `${each.verdict.meaning}: ${each.verdict.problem ?? ""}`);
    add("what to do", each.verdict.remedy);
  }
  for (const finding of each.report ? each.report.findings : [])
    add(`${finding.code} ${finding.severity}`, `${finding.problem}; ${finding.remedy}`);
  return list;
}

function button(name, act) {
  const made = element("button", name);
  made.type = "button";
  made.addEventListener("click", () => act().catch((error) => say(error.message, true)));
  return made;
}

function shown(each) {
  const article = element("article");
  article.id = `s-${each.id}`;
  const place = each.place === null ? "" : `, place ${each.place} in the queue`;
  const { done, total } = each.progress;
  const head = element("h3", `${each.id}: `);
  head.append(element("span", each.state, `state ${each.state}`));
  article.append(head, element("p", `received ${each.received}${place}`, "muted"));
  if (total > 0 && !ENDED.includes(each.state)) {
    const bar = element("progress");
    bar.max = total;
    bar.value = done;
    bar.setAttribute("aria-label", "episodes driven");
    article.append(bar, element("span", ` ${done} of ${total} episodes`));
  }
  article.append(outcome(each));
  const log = element("pre", each.journal.join("\n"));
  log.setAttribute("aria-label", "journal");
  article.append(log);
  if (each.record) {
    const link = element("a", "the packed run");
    link.href = each.record;
    article.append(link);
  }
  if (each.record)
    article.append(
      " ",
      button("What it printed", async () => {
        const text = await ask(`/api/submissions/${each.id}/log`, {}, (answer) => answer.text());
        log.textContent = text || "nothing was kept: it failed in no episode";
      }),
    );
  if (!ENDED.includes(each.state))
    article.append(
      button("Cancel", async () => {
        await ask(`/api/submissions/${each.id}/cancel`, { method: "POST" });
        await look();
      }),
    );
  return article;
}

async function look() {
  clearTimeout(watching);
  const all = await ask("/api/submissions");
  byId("list").hidden = false;
  const known = new Map([...byId("submissions").children].map((child) => [child.id, child]));
  byId("submissions").replaceChildren(
    ...all.map((each) => {
      // what has not changed stays, so that a selection in it or the focus is not lost
      const [text, before] = [JSON.stringify(each), known.get(`s-${each.id}`)];
      if (before && before.drawnFrom === text) return before;
      const made = shown(each);
      made.drawnFrom = text;
      return made;
    }),
  );
  if (all.some((each) => !ENDED.includes(each.state))) watching = setTimeout(watch, PAUSE_MS);
}

async function watch() {
  try {
    await look();
  } catch (error) {
    say(error.message, true);
    if (!byId("list").hidden) watching = setTimeout(watch, 5 * PAUSE_MS);
  }
}

byId("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("sending …");
  const send = byId("upload").querySelector("button[type=submit]");
  send.disabled = true;
  try {
    const headers = { "Content-Type": "application/octet-stream" };
    const sent = await ask("/api/submissions", { method: "POST", headers, body: byId("archive").files[0] });
    say(`received as ${sent.id}`);
    byId("archive").value = "";
    await look();
  } catch (error) {
    say(error.message, true);
  } finally {
    send.disabled = false;
  }
});

byId("look").addEventListener("click", watch);
byId("token").value = sessionStorage.getItem("token") ?? "";
if (byId("token").value) watch();
