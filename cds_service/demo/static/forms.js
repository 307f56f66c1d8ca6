// Forms are sent in the background and the page is replaced in place: open details, the scroll position and the focus stay.

const WAIT = 400; // ms after the last key before a change is tried

let waiting = null; // a change that was typed and is not sent yet: { form, timer }
let queue = Promise.resolve(); // one step after the other, so that nothing that was clicked is lost

function send(form, submitter) {
  const typed = taken();
  if (typed && typed !== form) enqueue(typed); // it comes before what was clicked after it
  enqueue(form, submitter);
}

// What is sent is what stood in the form at the click; the page may be another by the time it goes out.
function enqueue(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const { action } = form;
  const focus = remembered(submitter ?? document.activeElement);
  queue = queue.then(() => step(action, body, focus));
}

async function step(action, body, focus) {
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    replace(main, page.getElementById("main"), focus);
  } catch {
    document.getElementById("notice").textContent = "The demo does not answer. Is it still running?";
    main.removeAttribute("aria-busy");
  }
}

function taken() {
  const form = waiting?.form;
  clearTimeout(waiting?.timer);
  waiting = null;
  return form?.isConnected ? form : null;
}

function replace(main, fresh, focus) {
  const open = [...main.querySelectorAll("details[id][open]")].map((details) => details.id);
  main.replaceWith(fresh);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  (find(fresh, focus) ?? fresh).focus({ preventScroll: true });
  // A status that is there from the start is not announced: it is filled a moment later.
  const notice = document.getElementById("notice");
  if (notice) {
    const text = notice.textContent;
    notice.textContent = "";
    setTimeout(() => { notice.textContent = text; }, 50);
  }
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
  return field || (around && (around.querySelector("button, a, summary, select") ?? null)) || (form && form.querySelector("button")) || null;
}

export function formsInPlace() {
  document.addEventListener("submit", (event) => {
    if (event.target.enctype === "multipart/form-data") return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-at-once]")) return;
    taken();
    const delay = event.target.type === "number" ? WAIT : 0;
    waiting = { form, timer: setTimeout(() => form.isConnected && form.reportValidity() && send(form), delay) };
  });
}
