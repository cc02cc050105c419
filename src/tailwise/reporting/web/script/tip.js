// One box of text beside the pointer, with a picture if there is one.
function showTip(event, lines, picture) {
  const tip = byId("tip");
  tip.textContent = lines.join("\n");
  if (picture) tip.prepend(element("img", { src: picture, alt: "" }));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - box.width - 4);
  const below = event.clientY + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${below + box.height > innerHeight ? Math.max(4, event.clientY - box.height - 10) : below}px`;
}

const hideTip = () => (byId("tip").hidden = true);

addEventListener("scroll", hideTip, { passive: true });
