// Calls the widgets' functions, shows what they return, and acts on their cwdb-action elements.
"use strict";

const root = document.documentElement;
const popup = document.getElementById("popup");
const popupShown = document.getElementById("popup-shown");
const widgets = [...document.querySelectorAll("main .shown[data-endpoint]")];
const calls = new Map(); // the number of each container's last call: the answer to an earlier one is late

// The console takes these out of what a widget returns. The Content-Security-Policy would stop the scripts too, but
// not a page that moves on by itself.
const NOT_SHOWN = "script, iframe, frame, object, embed, use, base, link, meta";
const EVENTS = { call: ["click", "dblclick"], html: ["click", "dblclick", "mouseenter"] };

function theme() {
  return root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

// In a template nothing loads and nothing runs before it is cleaned.
function cleaned(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const element of template.content.querySelectorAll(NOT_SHOWN)) element.remove();
  for (const element of template.content.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const address = value.replace(/[\u0000-\u0020]/g, "").toLowerCase();
      if (name.startsWith("on") || address.startsWith("javascript:")) element.removeAttribute(name);
    }
  }
  return template.content;
}

function text(kind, content) {
  const element = document.createElement(kind === "error" ? "div" : "pre");
  element.textContent = content;
  if (kind === "error") {
    element.className = "failed";
    element.setAttribute("role", "alert");
  }
  return element;
}

function show(widget, container, { kind, content }) {
  container.replaceChildren(kind === "html" ? cleaned(content) : text(kind, content));
  for (const action of container.querySelectorAll("cwdb-action")) bind(widget, action);
}

function showPopup(widget, answer) {
  document.getElementById("popup-title").textContent = widget.dataset.title;
  show(widget, popupShown, answer);
  if (!popup.open) popup.showModal();
}

function showInWidget(widget, answer) {
  popup.close();
  show(widget, widget, answer);
  widget.focus();
}

async function call(widget, endpoint, params) {
  const asked = {
    endpoint,
    params,
    theme: theme(),
    dashboard: root.dataset.dashboard,
    widget: widget.id,
    title: widget.dataset.title,
    own: JSON.parse(widget.dataset.params),
    width: widget.clientWidth,
    height: widget.clientHeight,
  };
  const headers = { "content-type": "application/json" };
  const number = (calls.get(widget) ?? 0) + 1;
  calls.set(widget, number);
  widget.setAttribute("aria-busy", "true");
  let answer;
  try {
    const response = await fetch("/_local/page/widget", { method: "POST", headers, body: JSON.stringify(asked) });
    answer = response.ok ? await response.json() : { kind: "error", content: await response.text() };
  } catch (error) {
    answer = { kind: "error", content: `The local AWS does not answer (${error.message}); is it still running?` };
  }
  if (calls.get(widget) !== number) return null;
  widget.removeAttribute("aria-busy");
  return answer;
}

// An action belongs to the element before it.
function bind(widget, action) {
  const before = action.previousElementSibling;
  const what = action.getAttribute("action") ?? "html";
  const when = action.getAttribute("event") ?? "click";
  if (!before || !EVENTS[what]?.includes(when)) return;
  const showAnswer = action.getAttribute("display") === "popup" ? showPopup : showInWidget;
  before.addEventListener(when, async (event) => {
    event.preventDefault();
    const question = action.getAttribute("confirmation");
    if (question && !confirm(question)) return;
    if (what === "html") {
      showAnswer(widget, { kind: "html", content: action.innerHTML });
      return;
    }
    let params;
    try {
      params = JSON.parse(action.textContent.trim() || "{}");
    } catch (error) {
      showAnswer(widget, { kind: "error", content: `The content of cwdb-action is not JSON: ${error.message}` });
      return;
    }
    const answer = await call(widget, action.getAttribute("endpoint"), params);
    if (answer) showAnswer(widget, answer);
  });
}

async function load(widget) {
  const answer = await call(widget, widget.dataset.endpoint, JSON.parse(widget.dataset.params));
  if (answer) show(widget, widget, answer);
}

popup.addEventListener("close", () => popupShown.replaceChildren());
document.getElementById("refresh").addEventListener("click", () => widgets.forEach(load));
widgets.forEach(load);
