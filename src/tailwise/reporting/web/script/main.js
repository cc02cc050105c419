// Pages, the controls, and the first drawing.
const PAGES = [...document.querySelectorAll("main > section")].map((section) => section.id);

function showPage() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const shown = PAGES.includes(wanted) ? wanted : PAGES[0];
  for (const id of PAGES) byId(id).hidden = id !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${shown}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("controls").hidden = ["certificate", "run"].includes(shown);
  document.querySelector(".steps").hidden = shown !== "training";
  hideTip();
  if (shown === "run") readLog();
}

const option = (name, value) => element("option", { value }, name);
const showClasses = () => {
  byId("label").replaceChildren(option("all classes", -1), ...labels().map(option));
  byId("label").value = state.label;
};

byId("head").append(...facts.heads.map((each, place) => option(each.name, place)));
byId("step").max = Math.max(0, facts.steps.length - 1);
byId("head").addEventListener("change", (event) => choose({ head: Number(event.target.value) }));
byId("label").addEventListener("change", (event) => choose({ label: Number(event.target.value) }));
byId("step").addEventListener("input", (event) => choose({ step: Number(event.target.value) }));
byId("back").addEventListener("click", () => choose({ step: state.step - 1 }));
byId("forth").addEventListener("click", () => choose({ step: state.step + 1 }));

// Left and right step through the epochs, but where a control or a box that scrolls takes them itself.
addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const own = event.target.closest("input, select, .film, .wide:not(#confusion)");
  if (!move || own || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || byId("training").hidden)
    return;
  event.preventDefault();
  choose({ step: state.step + move });
});
addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
addEventListener("hashchange", () => {
  showPage();
  choose({});
  scrollTo(0, 0);
});

watch(() => {
  showClasses();
  byId("step").value = state.step;
  byId("at").textContent = facts.steps.length ? stepName(step()) : "";
  byId("back").disabled = state.step === 0;
  byId("forth").disabled = state.step >= facts.steps.length - 1;
});

document.documentElement.classList.add("paged");
for (const block of document.querySelectorAll(".scripted")) block.hidden = false;
showPage();
choose({});
