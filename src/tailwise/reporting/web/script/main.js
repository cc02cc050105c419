// Sections as pages, the control of the epoch, and the first drawing.
const PAGES = [...document.querySelectorAll("main > section")].map((section) => section.id);

function showPage() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const shown = byId(PAGES.includes(wanted) ? wanted : PAGES[0]);
  for (const id of PAGES) byId(id).hidden = id !== shown.id;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${shown.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showControls(shown.classList);
  hideTip();
  shown.dispatchEvent(new Event("shown"));
}

// The class of a section names the controls that it shows.
function showControls(classes) {
  const heads = classes.contains("by-head") && facts.heads.length > 0;
  for (const block of document.querySelectorAll("#controls .heads")) block.hidden = !heads;
  document.querySelector("#controls .steps").hidden = !classes.contains("by-step");
  byId("controls").hidden = !heads && !classes.contains("by-step");
}

byId("step").max = Math.max(0, facts.steps.length - 1);
byId("step").addEventListener("input", (event) => choose({ step: Number(event.target.value) }));
byId("back").addEventListener("click", () => choose({ step: state.step - 1 }));
byId("forth").addEventListener("click", () => choose({ step: state.step + 1 }));

// Left and right step through the epochs, but where a control or a box that scrolls takes them itself.
addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const taken = event.target.closest("input, select, .scrolls, .wide:not(#confusion)");
  if (!move || taken || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (document.querySelector("#controls .steps").hidden) return;
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
  byId("step").value = state.step;
  byId("at").textContent = facts.steps.length ? stepName(step()) : "";
  byId("back").disabled = state.step === 0;
  byId("forth").disabled = state.step >= facts.steps.length - 1;
});

document.documentElement.classList.add("paged");
for (const block of document.querySelectorAll(".scripted")) block.hidden = false;
showPage();
choose({});
