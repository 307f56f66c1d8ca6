// Forms are sent in the background and the page is replaced part by part: open details, the focus and a field in which somebody
// types stay as they are.

const WAIT = 400; // ms after the last key before a change is tried

let waiting = null; // a change that was typed and is not sent yet: { form, timer }
let queue = Promise.resolve(); // one step after the other, so that nothing that was clicked is lost
const queued = new Set(); // what is on its way; a second click on the same is no second step

function send(form, submitter) {
  const typed = taken();
  if (typed && typed !== form) enqueue(typed); // it comes before what was clicked after it
  enqueue(form, submitter);
}

// What is sent is what stood in the form at the click; the page may be another by the time it goes out.
function enqueue(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const { action } = form;
  const name = `${action}?${body}`;
  if (queued.has(name)) return;
  queued.add(name);
  const focus = remembered(submitter ?? document.activeElement);
  queue = queue.then(() => step(action, body, focus)).finally(() => queued.delete(name));
}

async function step(action, body, focus) {
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    replace(main, page.getElementById("main"), focus);
  } catch {
    tell("The demo does not answer. Is it still running?");
  }
  main.removeAttribute("aria-busy");
}

function taken() {
  const form = waiting?.form;
  clearTimeout(waiting?.timer);
  waiting = null;
  return form?.isConnected ? form : null;
}

// A status is announced when it changes, also to the same words.
function tell(text) {
  const notice = document.getElementById("notice");
  notice.textContent = "";
  setTimeout(() => { notice.textContent = text; }, 50);
}

function replace(main, fresh, focus) {
  const parts = [...main.querySelectorAll("[data-part]")];
  const same = parts.map((part) => fresh.querySelector(`[data-part="${part.dataset.part}"]`));
  const open = [...main.querySelectorAll("details[id][open]")].map(({ id }) => id).filter((id) => !id.startsWith("exchange-"));
  const active = document.activeElement;
  const typing = active?.closest?.("[data-at-once]") && active.matches("input") ? active.closest("[data-part]") : null;
  if (!parts.length || same.includes(null)) main.replaceChildren(...fresh.childNodes);
  else parts.forEach((part, n) => part !== typing && part.isConnected && part.replaceWith(same[n]));
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!typing) {
    const target = find(main, focus) ?? main;
    target.focus({ preventScroll: true });
    if (target !== main) target.scrollIntoView({ block: "nearest" });
  }
  const said = fresh.querySelector("#notice") ?? main.querySelector("#notice");
  if (said) tell(said.textContent);
  document.dispatchEvent(new CustomEvent("replaced"));
}

// What had the focus, by what stays the same when the page is made anew.
function remembered(element) {
  const form = element?.closest?.("form");
  return {
    name: element?.name,
    value: element?.type === "checkbox" ? element.value : undefined,
    action: form?.getAttribute("action"),
    near: element?.closest?.("[id]:not(main):not(form)")?.id,
  };
}

function find(main, { name, value, action, near }) {
  const form = action && [...main.querySelectorAll("form")].find((f) => f.getAttribute("action") === action);
  const field = form && name && [...form.elements].find((e) => e.name === name && (value === undefined || e.value === value));
  const around = near && document.getElementById(near);
  return field || (around && around.querySelector("button, a, summary, select")) || (form && form.querySelector("button")) || null;
}

export function formsInPlace() {
  document.addEventListener("submit", (event) => {
    if (event.target.enctype === "multipart/form-data") return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  document.addEventListener("input", (event) => {
    const { form } = event.target;
    if (!form?.matches("[data-at-once]")) return;
    taken();
    const delay = event.target.type === "number" ? WAIT : 0;
    waiting = { form, timer: setTimeout(() => tried(form), delay) };
  });
}

function tried(form) {
  const wrong = form.querySelector(":invalid");
  if (wrong) tell(`${wrong.labels[0].textContent.trim()}: ${wrong.validationMessage}`);
  else if (form.isConnected) send(form);
}
