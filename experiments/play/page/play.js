"use strict";
// One page, three games.  The state is the server's; this draws it and sends moves.

const stage = document.getElementById("stage");
const message = document.getElementById("message");
const NAMES = { "ease-greedy": "Greedy (EASE)", "vae-greedy": "Greedy (VAE)", "vae-thompson": "Thompson (VAE)",
  "bootstrap-thompson": "Thompson (bootstrap)", "logistic-greedy": "Greedy (features)", "choice-greedy": "Greedy (choice model)",
  "choice-thompson": "Thompson (choice model)", "oracle-growth": "Oracle" };
const COLOURS = ["var(--one)", "var(--two)", "var(--three)", "var(--four)"];
let about = null, game = null, state = null, chosen = [], looking = false, timer = null, busy = false;

const named = (agent) => NAMES[agent] || agent;
const store = {
  get: (kind) => { try { return sessionStorage.getItem("serendip-" + kind); } catch { return null; } },
  set: (kind, value) => { try { sessionStorage.setItem("serendip-" + kind, value); } catch { /* private mode */ } },
};

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

function tinted(element, topic) {
  element.style.setProperty("--tint", `hsl(${(topic * 137.5) % 360} 55% 55%)`);
  element.classList.add("tinted");
  return element;
}

function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

async function ask(path, body) {
  const options = body === undefined ? {} :
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Error("The server does not answer. Is `serendip play` still running?"); }
  const value = await answer.json().catch(() => ({ error: "The server's answer cannot be read." }));
  if (!answer.ok) throw new Error(value.error || "The server refused.");
  return value;
}

async function during(work, words) {
  if (busy) return;
  busy = true;
  stage.setAttribute("aria-busy", "true");
  const waiting = setTimeout(() => { message.textContent = words; }, 400);
  try { await work(); message.textContent = ""; } catch (error) { stop(); message.textContent = error.message; }
  clearTimeout(waiting);
  busy = false;
  stage.setAttribute("aria-busy", "false");
}

function stop() { clearInterval(timer); timer = null; }

async function open(kind, wish = null) {
  stop();
  await during(async () => {
    const before = wish === null ? store.get(kind) : null;
    let found = null;
    if (before) found = await ask("/api/game/" + encodeURIComponent(before)).catch(() => null);
    if (found) game = before;
    else { found = await ask("/api/new/" + kind, wish || {}); game = found.game; }
    store.set(kind, game);
    store.set("kind", kind);
    state = found;
    chosen = [];
    draw();
  }, "One moment: the agent learns from what the site's users did.");
  for (const tab of document.querySelectorAll("nav button"))
    tab.dataset.kind === kind ? tab.setAttribute("aria-current", "page") : tab.removeAttribute("aria-current");
}

async function move(what) {
  await during(async () => { state = await ask("/api/game/" + encodeURIComponent(game), what); draw(); }, "One moment.");
}

function draw() {
  const kept = document.activeElement && document.activeElement.id;
  stage.replaceChildren(...({ recommender: drawRecommender, user: drawUser, watch: drawWatch })[state.kind]());
  const again = kept && document.getElementById(kept);
  if (again) again.focus();
}

// --- be the recommender

function drawRecommender() {
  const slots = state.slots;
  const facts = node("ul", { class: "facts" },
    fact("day", `${Math.min(state.day, state.days)} of ${state.days}`), fact("visits", state.visits), fact("clicks", state.clicks));
  if (state.over) return [drawEnd(facts)];
  const topics = node("div", { class: "topics", role: "group", "aria-label": "Topics to choose from" },
    state.shown.map((shown, topic) => topicButton(topic, shown)));
  const slate = node("ol", { class: "slate", "aria-label": "Your slate" },
    Array.from({ length: slots }, (_, slot) => node("li", {}, slotOf(slot))));
  const show = node("button", { type: "button", id: "show", class: "main", disabled: chosen.length < slots,
    on: { click: showSlate } }, "Show it ", node("kbd", {}, "Enter"));
  return [node("div", { class: "columns" },
    node("section", { class: "panel" },
      node("h2", {}, "Someone is here. What do you show?"),
      node("p", { class: "lead" }, `Choose ${slots} topics for a slate. If they like what they find, they come back more often; what you repeat tires them. Below each topic: clicks of showings so far.`),
      facts, topics, slate,
      node("div", { class: "row" }, show,
        node("button", { type: "button", id: "clear", on: { click: () => { chosen = []; draw(); } } }, "Clear"),
        node("label", {}, node("input", { type: "checkbox", id: "look", checked: looking,
          on: { change: (event) => { looking = event.target.checked; draw(); } } }), "show what the user hides"))),
    node("aside", {},
      node("section", { class: "panel", "aria-live": "polite" }, node("h2", {}, "The last slate"),
        state.last.length ? node("ol", { class: "slate" }, state.last.map((item) =>
          node("li", {}, tinted(node("div", { class: "item full" + (item.clicked ? " clicked" : "") }, `Topic ${item.topic + 1}`,
            node("small", {}, item.title), node("small", {}, item.clicked ? "clicked" : "passed over")), item.topic)))) : node("p", { class: "lead" }, "Nothing was shown yet.")),
      node("section", { class: "panel" }, node("h2", {}, "What others would show now"),
        Object.entries(state.beside).map(([agent, items]) => node("div", { class: "beside" }, node("b", {}, named(agent)),
          node("ul", { class: "chips" }, items.map((item) => tinted(node("li", { title: item.title }, `Topic ${item.topic + 1}`), item.topic)))))),
      node("section", { class: "panel" }, node("h2", {}, "How often they come"),
        looking && state.curve.length ? chart([{ name: "You", values: state.curve }], state.days, "visits per day") :
          node("p", { class: "lead" }, looking ? "No day is over yet." : "A site sees visits, not inclination; tick the box to look."))))];
}

function topicButton(topic, shown) {
  const hidden = looking ? state.hidden : null;
  const taste = hidden ? hidden.taste[topic] : 0;
  const known = hidden && hidden.familiarity ? hidden.familiarity[topic] : 0;
  const tired = hidden && hidden.satiation ? hidden.satiation[topic] : 0;
  const words = hidden ? `, utility ${taste.toFixed(1)}, familiarity ${known.toFixed(2)}, satiation ${tired.toFixed(1)}` : "";
  const button = node("button", { type: "button", id: "topic-" + topic,
    class: "topic" + (chosen.includes(topic) ? " chosen" : "") + (hidden && taste > 0 ? " liked" : ""),
    "data-topic": topic, "aria-label": `topic ${topic + 1}, ${state.clicked[topic]} clicks of ${shown} showings${words}`,
    on: { click: () => { if (chosen.length < state.slots) { chosen.push(topic); draw(); } } } },
    String(topic + 1), node("small", {}, shown ? `${state.clicked[topic]} of ${shown}` : "·"));
  tinted(button, topic);
  if (hidden && known > 0.25) button.append(node("span", { class: "known", "aria-hidden": "true" }, "●"));
  if (hidden && tired > 0.2) {
    const bar = node("span", { class: "taste", "aria-hidden": "true" });
    bar.style.width = Math.min(100, tired * 25) + "%";
    button.append(bar);
  }
  return button;
}

function slotOf(slot) {
  const topic = chosen[slot];
  if (topic === undefined) return node("div", { class: "item" }, node("small", {}, `slot ${slot + 1}`));
  return tinted(node("button", { type: "button", class: "item full", id: "slot-" + slot, "aria-label": `slot ${slot + 1}: topic ${topic + 1}; remove`,
    on: { click: () => { chosen.splice(slot, 1); draw(); } } }, `Topic ${topic + 1}`, node("small", {}, "remove")), topic);
}

async function showSlate() {
  if (chosen.length < state.slots) return;
  const topics = chosen;
  await move({ topics });
  if (!message.textContent) { chosen = []; draw(); }
}

function drawEnd(facts) {
  const series = [{ name: "You", values: state.curve },
    ...Object.entries(state.others).map(([agent, life]) => ({ name: named(agent), values: life.curve }))];
  const best = Math.max(...Object.values(state.others).map((life) => life.visits));
  return node("section", { class: "panel" },
    node("h2", {}, state.gone ? "They left for good." : "Sixty days are over."),
    node("p", { class: "lead" }, state.visits >= best ? "Nobody did better with this user and this luck."
      : `With the same luck, the best of the others had ${best} days with a visit; you had ${state.visits}.`),
    facts, chart(series, state.days, "visits per day that the user is inclined to"),
    table(["who", "days with a visit", "clicks"], [["You", state.visits, state.clicks],
      ...Object.entries(state.others).map(([agent, life]) => [named(agent), life.visits, life.clicks])]),
    node("div", { class: "row" },
      node("button", { type: "button", id: "again", class: "main", on: { click: () => open("recommender", {}) } }, "Another user"),
      node("button", { type: "button", id: "same", on: { click: () => open("recommender", { seed: state.seed }) } }, "The same again")));
}

// --- be the user

function drawUser() {
  const agents = node("select", { id: "agent", on: { change: (event) => open("user", { agent: event.target.value }) } },
    about.agents.filter((agent) => !agent.name.startsWith("oracle")).map((agent) =>
      node("option", { value: agent.name, selected: agent.name === state.agent }, named(agent.name))));
  const order = state.belief.mean.map((_, topic) => topic).sort((a, b) => state.belief.mean[b] - state.belief.mean[a]).slice(0, 14);
  return [node("div", { class: "columns" },
    node("section", { class: "panel" },
      node("h2", {}, "What would you click?"),
      node("p", { class: "lead" }, "An agent that has served others, and knows nothing of you, shows you slates. Click what you like, or pass; beside it what it makes of you."),
      node("ul", { class: "facts" }, fact("slates seen", state.seen), fact("clicks", state.clicks)),
      node("ol", { class: "slate", "aria-label": "The slate" }, state.slate.map((item, slot) => node("li", {},
        tinted(node("button", { type: "button", class: "item full", id: "pick-" + slot, on: { click: () => move({ click: slot }) } },
          item.title, node("small", {}, `topic ${item.topic + 1}`),
          node("small", {}, `probability here: ${probability(item.propensity)}`)), item.topic)))),
      node("div", { class: "row" },
        node("button", { type: "button", id: "pass", on: { click: () => move({ click: null }) } }, "None of these ", node("kbd", {}, "0")),
        node("label", {}, "agent", agents),
        node("button", { type: "button", id: "fresh", on: { click: () => open("user", { agent: state.agent }) } }, "Begin again")),
      state.explored ? node("p", { class: "lead" }, "This slate was drawn at random, to keep learning.") : null),
    node("aside", { class: "panel" }, node("h2", {}, "What it thinks you like, and how sure it is"),
      node("p", { class: "lead" }, "A dot is its best guess for a topic, the dark bar one standard deviation, the light bar what that was at the start."),
      node("dl", { class: "belief" }, order.flatMap((topic) => beliefRow(topic)))))];
}

function beliefRow(topic) {
  const { mean, spread, first } = state.belief;
  const at = 10 + 180 * mean[topic], clip = (x) => Math.max(0, Math.min(200, x));
  const bar = (width, height, opacity) => drawing("rect", { x: clip(at - 180 * width), y: 9 - height / 2,
    width: Math.max(1, clip(at + 180 * width) - clip(at - 180 * width)), height, rx: 2, fill: "var(--one)", "fill-opacity": opacity });
  return [node("dt", {}, `Topic ${topic + 1}`), node("dd", {}, drawing("svg", { viewBox: "0 0 200 18", role: "img",
    "aria-label": `guess ${mean[topic].toFixed(2)}, doubt ${spread[topic].toFixed(2)}` },
    bar(first[topic], 10, .18), bar(spread[topic], 6, .5), drawing("circle", { cx: at, cy: 9, r: 4, fill: "var(--two)" })))];
}

// --- watch

function drawWatch() {
  const day = state.sides[0].day, over = day >= state.days, span = Math.min(state.days, Math.max(40, Math.ceil(day / 40) * 40));
  const series = (pick) => state.sides.map((side) => ({ name: named(side.agent), values: side.visitors.map(pick) }));
  const choose = (side) => node("select", { id: "side-" + side, "aria-label": `agent ${side + 1}`, on: { change: (event) => {
    const agents = state.sides.map((other) => other.agent);
    agents[side] = event.target.value;
    open("watch", { agents, update_every: state.every });
  } } }, about.agents.map((agent) => node("option", { value: agent.name, selected: agent.name === state.sides[side].agent }, named(agent.name))));
  return [node("section", { class: "panel" }, node("h2", {}, "Two agents, the same users, the same luck"),
    node("p", { class: "lead" }, "Each has the site for itself. Who comes each day is counted; the low-activity third was chosen before the first day."),
    node("div", { class: "row" }, choose(0), choose(1),
      node("button", { type: "button", id: "play", class: "main", disabled: over, on: { click: toggle } }, timer ? "Pause" : "Play"),
      node("button", { type: "button", id: "step", disabled: over, on: { click: () => move({}) } }, "One day"),
      node("label", {}, "speed", node("input", { type: "range", id: "speed", min: 1, max: 10, value: speed,
        on: { input: (event) => { speed = Number(event.target.value); if (timer) { stop(); begin(); } } } })),
      node("label", {}, "they learn", node("select", { id: "every", on: { change: (event) =>
        open("watch", { agents: state.sides.map((side) => side.agent), update_every: Number(event.target.value) }) } },
        [1, 5, 20, 60].map((days) => node("option", { value: days, selected: days === state.every }, days === 1 ? "every day" : `every ${days} days`)))),
      node("button", { type: "button", id: "restart", on: { click: () => open("watch", { agents: state.sides.map((side) => side.agent), update_every: state.every }) } }, "From the start")),
    node("ul", { class: "facts" }, fact("day", `${day} of ${state.days}`))),
  node("div", { class: "columns even" },
    node("section", { class: "panel" }, node("h2", {}, "Low-activity users a day"), chart(series((groups) => groups[0]), span, "users a day")),
    node("section", { class: "panel" }, node("h2", {}, "All users a day"), chart(series((groups) => groups.reduce((a, b) => a + b, 0)), span, "users a day")))];
}

let speed = 6;
function begin() { timer = setInterval(() => { if (!busy) { state.sides[0].day >= state.days ? (stop(), draw()) : move({}); } }, 1100 / speed); }
function toggle() { if (timer) stop(); else begin(); draw(); }

// --- parts

const fact = (name, value) => node("li", {}, name + " ", node("b", {}, String(value)));
const probability = (p) => p >= 0.9995 ? "1" : p >= 0.001 ? p.toFixed(3) : `1 in ${Math.round(1 / p).toLocaleString("en")}`;

function table(head, rows) {
  return node("table", {}, node("thead", {}, node("tr", {}, head.map((cell) => node("th", { scope: "col" }, cell)))),
    node("tbody", {}, rows.map((row) => node("tr", {}, row.map((cell) => node("td", {}, String(cell)))))));
}

function chart(series, days, unit) {
  const W = 620, H = 300, left = 46, right = 150, top = 14, bottom = 34;
  const highest = Math.max(...series.flatMap((one) => one.values), 0) || 1;
  const step = 10 ** Math.floor(Math.log10(highest)), most = Math.ceil(highest / (step / 2)) * (step / 2);
  const x = (day) => left + (W - left - right) * day / Math.max(1, days), y = (value) => H - bottom - (H - top - bottom) * value / most;
  const parts = [];
  for (let tick = 0; tick <= 2; tick++) {
    const value = most * tick / 2;
    parts.push(drawing("line", { x1: left, x2: W - right, y1: y(value), y2: y(value), class: "axis" }),
      text(left - 6, y(value) + 4, value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2))), "end"));
  }
  for (const day of [0, Math.round(days / 2), days]) parts.push(text(x(day), H - 12, day === 0 ? "day 0" : String(day), "middle"));
  const places = spaced(series.map((one) => one.values.length ? y(one.values[one.values.length - 1]) : y(0)), 17, top + 6, H - bottom);
  series.forEach((one, index) => {
    if (!one.values.length) return;
    const points = one.values.map((value, day) => `${x(day + 1).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    parts.push(drawing("polyline", { points, fill: "none", "stroke-width": index ? 2 : 3, stroke: COLOURS[index % 4], "stroke-dasharray": ["", "7 4", "2 3", "9 3 2 3"][index % 4] }));
    const label = text(x(one.values.length) + 6, places[index] + 4, one.name, "start");
    label.setAttribute("class", "name");
    label.style.fill = COLOURS[index % 4];
    parts.push(label);
  });
  const words = series.filter((one) => one.values.length).map((one) => `${one.name}: ${Number(one.values[one.values.length - 1].toPrecision(3))}`).join("; ");
  return drawing("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${unit}, day by day; last: ${words || "nothing yet"}` }, ...parts);
}

function spaced(places, gap, low, high) {
  const order = places.map((_, index) => index).sort((a, b) => places[a] - places[b]), out = [...places];
  order.forEach((index, rank) => { out[index] = Math.max(out[index], rank ? out[order[rank - 1]] + gap : low); });
  const over = order.length ? out[order[order.length - 1]] - high : 0;
  return over > 0 ? out.map((place) => place - over) : out;
}

function text(x, y, words, anchor) {
  const made = drawing("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}

document.addEventListener("keydown", (event) => {
  if (!state || event.target.matches("select, input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (state.kind === "user" && /^[0-9]$/.test(event.key)) {
    const slot = Number(event.key) - 1;
    if (slot < state.slate.length) { event.preventDefault(); move({ click: slot < 0 ? null : slot }); }
  } else if (state.kind === "recommender" && event.key === "Enter" && !event.target.matches("button:not(:disabled)")) {
    event.preventDefault();
    showSlate();
  } else if (state.kind === "recommender" && event.key === "Backspace" && chosen.length) { event.preventDefault(); chosen.pop(); draw(); }
  else if (state.kind === "watch" && event.key === " " && !event.target.matches("button")) { event.preventDefault(); toggle(); }
});
for (const tab of document.querySelectorAll("nav button")) tab.addEventListener("click", () => { if (!busy) open(tab.dataset.kind); });

(async () => {
  await during(async () => {
    about = await ask("/api/about");
    document.getElementById("world").textContent = `world ${about.world}: ${about.users.toLocaleString("en")} users, ${about.items.toLocaleString("en")} items, ${about.topics} topics`;
  }, "One moment.");
  if (about) await open(store.get("kind") || "recommender");
})();
