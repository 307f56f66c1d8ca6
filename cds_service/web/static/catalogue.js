// Filters the catalogue while somebody types. Without this script the form asks the server, which finds the same cards.

const form = document.querySelector("[data-search]");
const field = form.querySelector("input[name=q]");
const count = document.querySelector("[data-count]");
const nothing = document.querySelector("[data-nothing]");
const texts = new Map(
  [...document.getElementById("card-words").content.querySelectorAll("[data-of]")].map((p) => [p.dataset.of, p.textContent]),
);

function hideEmpty(selector, searching) {
  for (const part of document.querySelectorAll(selector)) part.hidden = searching && !part.querySelector("[data-card]:not([hidden])");
}

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Set([...texts].filter(([, text]) => words.every((word) => text.includes(word))).map(([id]) => id));
  for (const entry of document.querySelectorAll("[data-card]")) entry.hidden = !found.has(entry.dataset.card);
  hideEmpty("[data-row]", words.length > 0);
  hideEmpty("[data-group]", words.length > 0);
  nothing.hidden = found.size > 0;
  for (const link of document.querySelectorAll(".switches a")) {
    const address = new URL(link.href);
    if (words.length) address.searchParams.set("q", words.join(" "));
    else address.searchParams.delete("q");
    link.href = address.href;
  }
  return `${found.size} of ${texts.size} cards`;
}

// What is found shows at once; it is announced when the typing stops.
let waiting;
field.addEventListener("input", () => {
  const said = filter();
  clearTimeout(waiting);
  waiting = setTimeout(() => { count.textContent = said; }, 400);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  count.textContent = filter();
});
if (field.value) count.textContent = filter();
