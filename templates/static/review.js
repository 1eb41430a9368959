// The reviewer's desk works without this script: pictures open as links, forms are sent. With it: pictures are looked at on the
// page, at full resolution, turned, side by side at one scale; and everything is reached by keyboard.
"use strict";

// Keys: an element with data-key is clicked, sent or focused when its key is pressed and nobody is writing.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const writing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (event.key === "Escape" && writing && !event.target.closest("dialog")) {
    event.target.blur();
  }
  if (writing) {
    return;
  }
  const target = Array.from(document.querySelectorAll("[data-key]")).find((e) => e.dataset.key === event.key && e.offsetParent !== null);
  if (!target) {
    return;
  }
  event.preventDefault();
  if (target instanceof HTMLFormElement) {
    target.requestSubmit();
  } else if (target.matches("input, textarea")) {
    target.focus();
  } else {
    target.click();
  }
});

for (const button of document.querySelectorAll("[data-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
}

const picked = document.querySelector("[data-picked]");
if (picked) {
  const count = () => {
    const n = document.querySelectorAll("[data-reason]:checked").length;
    picked.hidden = n === 0;
    picked.querySelector("[data-picked-count]").textContent = n;
  };
  document.addEventListener("change", count);
  count();
}

const viewer = document.querySelector("[data-viewer]");
const files = Array.from(document.querySelectorAll("[data-file]"));
if (viewer && files.length) {
  viewer.hidden = false;
  document.body.classList.add("viewing");
  const stage = viewer.querySelector("[data-stage]");
  const picture = viewer.querySelector("[data-picture]");
  const second = viewer.querySelector("[data-second]");
  const caption = viewer.querySelector("[data-caption]");
  const state = { at: 0, scale: 0, x: 0, y: 0, turn: 0, overlay: false, rectified: false, pair: false };

  const variant = (file) => {
    if (state.overlay && !state.rectified && !state.pair) {
      return "overlay";
    }
    return (state.rectified || state.pair) && "rectified" in file.dataset ? "rectified" : "upright";
  };
  const address = (file) => "/v1/materials/" + file.dataset.file + "/image?variant=" + variant(file);
  // The other side of a document is the next picture, or the one before where there is no next.
  const other = () => files[state.at + 1] || files[state.at - 1];

  function show(at, first) {
    state.at = (at + files.length) % files.length;
    state.scale = state.turn = 0;
    load();
    files.forEach((f, i) => f.classList.toggle("shown", i === state.at));
    if (!first) {
      files[state.at].scrollIntoView({ block: "nearest" });
    }
  }

  function set(image, file) {
    image.dataset.mm = variant(file) === "rectified" ? file.dataset.mm || "" : "";
    image.src = address(file);
    image.alt = file.dataset.label;
  }

  function load() {
    const file = files[state.at];
    set(picture, file);
    const pair = state.pair && other();
    second.hidden = !pair;
    if (pair) {
      set(second, pair);
    }
    caption.textContent = (state.at + 1) + "/" + files.length + " " + file.dataset.label + (pair ? " + " + pair.dataset.label : "");
  }

  // How many millimetres a pixel of a picture is, relative to the others': the document by itself is as long as its format says.
  // Where a length is not known both pictures are drawn pixel by pixel.
  function millimetres(shown) {
    const each = shown.map((p) => Number(p.dataset.mm) / Math.max(p.naturalWidth, p.naturalHeight));
    return shown.map((p, i) => shown.length > 1 && each.every((mm) => mm > 0) ? each[i] / each[0] : 1);
  }

  function draw() {
    if (!picture.naturalWidth) {
      return;
    }
    const shown = second.hidden || !second.naturalWidth ? [picture] : [picture, second];
    const sideways = state.turn % 180 !== 0;
    const each = millimetres(shown);
    const size = shown.map((p, i) => (sideways ? [p.naturalHeight, p.naturalWidth] : [p.naturalWidth, p.naturalHeight]).map((n) => n * each[i]));
    const gap = 16, total = size.reduce((sum, s) => sum + s[0], 0), high = Math.max(...size.map((s) => s[1]));
    const fit = Math.min((stage.clientWidth - gap * (shown.length - 1)) / total, stage.clientHeight / high, 1);
    const scale = state.scale || fit;
    if (!state.scale) {
      state.x = (stage.clientWidth - total * scale - gap * (shown.length - 1)) / 2;
      state.y = (stage.clientHeight - high * scale) / 2;
    }
    let left = state.x;
    shown.forEach((p, i) => {
      const cx = left + size[i][0] * scale / 2, cy = state.y + size[i][1] * scale / 2;
      p.style.transform = "translate(" + (cx - p.naturalWidth / 2) + "px," + (cy - p.naturalHeight / 2) + "px) scale(" + scale * each[i] + ") rotate(" + state.turn + "deg)";
      left += size[i][0] * scale + gap;
    });
    state.now = scale;
  }

  // Zooming keeps the point under the pointer, or the middle, where it is.
  function zoom(factor, at) {
    const box = stage.getBoundingClientRect();
    const px = at ? at.clientX - box.left : box.width / 2, py = at ? at.clientY - box.top : box.height / 2;
    const next = Math.min(8, Math.max(0.05, state.now * factor));
    state.x = px - (px - state.x) * next / state.now;
    state.y = py - (py - state.y) * next / state.now;
    state.scale = next;
    draw();
  }

  const toggle = (name, button) => {
    state[name] = !state[name];
    button.setAttribute("aria-pressed", state[name]);
    state.scale = 0;
    load();
  };
  const tools = {
    in: () => zoom(1.4), out: () => zoom(1 / 1.4), fit: () => { state.scale = 0; draw(); }, full: () => zoom(1 / state.now),
    turn: () => { state.turn = (state.turn + 90) % 360; state.scale = 0; draw(); },
    overlay: (b) => toggle("overlay", b), rectified: (b) => toggle("rectified", b), pair: (b) => toggle("pair", b),
  };
  for (const button of viewer.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => tools[button.dataset.tool](button));
  }
  for (const p of [picture, second]) {
    p.addEventListener("load", draw);
    p.draggable = false;
  }
  addEventListener("resize", draw);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event);
  }, { passive: false });
  const pointers = new Map();
  stage.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      return;
    }
    if (pointers.size === 2) {
      const rest = Array.from(pointers.values()).find((p) => p.pointerId !== event.pointerId);
      const apart = (p) => Math.hypot(p.clientX - rest.clientX, p.clientY - rest.clientY) || 1;
      zoom(apart(event) / apart(before), { clientX: (event.clientX + rest.clientX) / 2, clientY: (event.clientY + rest.clientY) / 2 });
    } else {
      state.scale = state.now;
      state.x += event.clientX - before.clientX;
      state.y += event.clientY - before.clientY;
      draw();
    }
    pointers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (step) {
      event.preventDefault();
      state.scale = state.now;
      state.x += step[0];
      state.y += step[1];
      draw();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest("input:not([type=checkbox]), textarea, select, dialog") && (event.key === "j" || event.key === "k")) {
      show(state.at + (event.key === "j" ? 1 : -1));
    }
  });
  files.forEach((file, i) => file.querySelector("[data-show]").addEventListener("click", (event) => {
    event.preventDefault();
    show(i);
  }));
  show(0, true);
}
