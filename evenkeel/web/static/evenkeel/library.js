// Narrows a list while somebody types. What is typed stays in the browser.
const form = document.querySelector("[data-filter]");

if (form) {
  const box = form.querySelector("input");
  const count = form.querySelector("[data-filter-count]");
  const items = [...document.querySelectorAll("[data-filter-item]")];
  const groups = items.map((item) => item.closest("section")).filter((section) => section && !section.contains(form));

  const narrow = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const item of items) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      found += item.hidden ? 0 : 1;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-filter-item]:not([hidden])");
    }
    count.textContent = words.length ? `${found} ${count.dataset.filterWords}` : "";
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  box.addEventListener("input", narrow);
  narrow();
}
