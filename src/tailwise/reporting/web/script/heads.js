// The controls that choose a head and a class; blocks of other heads are hidden.
const option = (name, value) => element("option", { value }, name);

byId("head").append(...facts.heads.map((each, index) => option(each.name, index)));
byId("head").addEventListener("change", (event) => choose({ head: Number(event.target.value) }));
byId("label").addEventListener("change", (event) => choose({ label: Number(event.target.value) }));

watch(() => {
  byId("head").value = state.head;
  byId("label").replaceChildren(option("all classes", -1), ...labels().map(option));
  byId("label").value = state.label;
  for (const block of document.querySelectorAll(".of-head")) block.hidden = block.dataset.head !== head().name;
});
