// A file that is dropped on the form is sent as if it had been chosen.

export function dropZone() {
  const zone = document.querySelector("[data-drop]");
  if (!zone) return;
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("dropping", name === "dragover");
    });
  }
  zone.addEventListener("drop", (event) => {
    const { files } = event.dataTransfer;
    if (!files.length) return;
    zone.elements.file.files = files;
    zone.requestSubmit();
  });
}
