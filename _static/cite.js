// Copies a reference with one click or key, and says so.
for (const box of document.querySelectorAll(".dl-reference")) {
  const [text, button, said] = box.children;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      done = document.execCommand("copy");
    }
    said.value = "";
    setTimeout(() => {
      said.value = done ? "copied" : "selected: copy it with your keys";
    }, 50);
  });
}
