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
  } else if (target.matches("input, textarea, h2")) {
    target.focus();
    target.scrollIntoView({ block: "nearest" });
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
const items = Array.from(document.querySelectorAll("[data-file], [data-composite]"));
if (viewer && items.length) {
  viewer.hidden = false;
  document.body.classList.add("viewing");
  const stage = viewer.querySelector("[data-stage]");
  const caption = viewer.querySelector("[data-caption]");
  const button = (selector) => viewer.querySelector(selector);
  // Two pictures, each with the drawing that lies over it.
  const panes = ["[data-picture]", "[data-second]"].map((selector) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true");
    stage.append(svg);
    return { image: stage.querySelector(selector), svg, item: null, mark: null };
  });
  const [main, beside] = panes;
  const state = { at: 0, scale: 0, x: 0, y: 0, turn: 0, rectified: false, pair: false, part: 0, from: null, focus: null };
  const layers = new Set((sessionStorage.getItem("layers") || "").split(" ").filter(Boolean));
  const allLayers = Array.from(viewer.querySelectorAll("[data-layer]"), (b) => b.dataset.layer);

  const isComposite = (item) => "composite" in item.dataset;
  const itemOf = (id) => items.find((i) => i.dataset.file === id);
  const rectified = (item) => (state.rectified || (state.pair && !isComposite(items[state.at]))) && "rectified" in item.dataset;
  const address = (item) => isComposite(item)
    ? "/v1/composites/" + item.dataset.composite + "/image"
    : "/v1/materials/" + item.dataset.file + "/image?variant=" + (rectified(item) ? "rectified" : "upright");

  // What the service knows of a picture is asked for once, when it is first needed.
  const asked = new Map();
  function ask(path) {
    if (!asked.has(path)) {
      asked.set(path, fetch(path, { headers: { Accept: "application/json" } }).then((r) => r.ok ? r.json() : {}).catch(() => {
        asked.delete(path);
        return {};
      }));
    }
    return asked.get(path);
  }
  const known = (item) => ask("/materials/" + item.dataset.file + "/layers");
  const compositeOf = (item) => ask("/composites/" + item.dataset.composite).then((v) => v.composite || { parts: [] });

  // The other picture: the source of a part of a composite; of a document its other side, which is the next picture.
  async function other() {
    const item = items[state.at];
    if (isComposite(item)) {
      const parts = (await compositeOf(item)).parts;
      const part = parts[state.part] || parts[0];
      return part && { item: itemOf(part.id), scale: part.scale };
    }
    const files = items.filter((i) => !isComposite(i)), at = files.indexOf(item);
    const found = files[at + 1] || files[at - 1];
    return found && { item: found, scale: 0 };
  }

  function show(at, first) {
    state.at = (at + items.length) % items.length;
    state.scale = state.turn = state.part = 0;
    state.focus = null;
    main.mark = beside.mark = null;
    load();
    if (!first) {
      inSight();
    }
  }

  // On a screen the viewer stays in sight beside its list; on a phone it is above it.
  function inSight() {
    if (matchMedia("(min-width: 64rem)").matches) {
      items[state.at].scrollIntoView({ block: "nearest" });
    } else {
      stage.scrollIntoView({ block: "center" });
    }
  }

  async function load() {
    const item = items[state.at], turn = {};
    load.turn = turn;
    items.forEach((e) => e.classList.toggle("shown", e === item));
    const compare = button("[data-tool=pair]");
    compare.querySelector("span").textContent = isComposite(item) ? compare.dataset.compare : compare.dataset.sides;
    button("[data-tool=back]").hidden = !state.from;
    const found = state.pair ? await other() : null;
    const upright = [await uprightOf(item), found && found.item ? await uprightOf(found.item) : 0];
    if (load.turn !== turn) {
      return; // another picture was asked for meanwhile
    }
    set(main, item, 1, upright[0]);
    set(beside, found && found.item, found ? found.scale : 0, upright[1]);
    caption.textContent = (state.at + 1) + "/" + items.length + " " + item.dataset.label + (beside.item ? " + " + beside.item.dataset.label : "");
    draw();
    drawLayers();
  }

  function set(pane, item, scale, upright) {
    pane.item = item || null;
    pane.upright = upright;
    pane.image.hidden = !item;
    pane.svg.replaceChildren();
    if (item) {
      pane.scale = scale;
      pane.mm = rectified(item) ? Number(item.dataset.mm) : 0;
      pane.image.alt = item.dataset.label;
      const src = address(item);
      if (pane.image.getAttribute("src") !== src) {
        pane.image.src = src;
      }
    }
  }

  // How far a picture is turned, clockwise: as the visitor wants it, and a document by itself until its text runs as it is read, since its
  // corners begin where the locator found one.
  const turnOf = (pane) => (state.turn + (pane.upright || 0)) % 360;

  async function uprightOf(item) {
    if (!rectified(item)) {
      return 0;
    }
    const {measurements, lines} = await known(item);
    if (!measurements || !measurements.document || !lines) {
      return 0;
    }
    const to = flatten(measurements.document.quad, ...flatSize(measurements.document.quad));
    const long = {0: 0, 90: 0, 180: 0, 270: 0}; // by direction, how much text runs so
    for (const {quad, text} of lines) {
      const [a, b] = quad.map(to);
      const angle = Math.atan2(b[1] - a[1], b[0] - a[0]) * 180 / Math.PI;
      long[(360 + 90 * Math.round(angle / 90)) % 360] += text.length;
    }
    const runs = Object.keys(long).reduce((best, one) => long[one] > long[best] ? one : best, "0");
    return (360 - Number(runs)) % 360;
  }

  // About the size of a document by itself; that of its picture differs by a scale, which turns nothing.
  function flatSize(q) {
    const far = (a, b) => Math.hypot(q[a][0] - q[b][0], q[a][1] - q[b][1]);
    return [(far(0, 1) + far(2, 3)) / 2, (far(1, 2) + far(3, 0)) / 2];
  }

  // How large each picture is drawn beside the first: a source beside its composite as large as the part; two documents by
  // themselves as their formats say, in millimetres; anything else pixel by pixel.
  function sizes(shown) {
    if (shown.length > 1 && isComposite(shown[0].item)) {
      return [1, shown[1].scale || 1];
    }
    const each = shown.map((p) => p.mm / Math.max(p.image.naturalWidth, p.image.naturalHeight));
    return shown.map((p, i) => shown.length > 1 && each.every((mm) => mm > 0) ? each[i] / each[0] : 1);
  }

  const ready = (pane) => pane.item && pane.image.complete && pane.image.naturalWidth > 0;

  function draw() {
    const shown = panes.filter(ready);
    for (const pane of panes) {
      pane.svg.style.display = ready(pane) ? "" : "none";
    }
    if (shown[0] !== main) {
      return;
    }
    const each = sizes(shown);
    const size = shown.map((pane, i) => (turnOf(pane) % 180 !== 0 ? [pane.image.naturalHeight, pane.image.naturalWidth] : [pane.image.naturalWidth, pane.image.naturalHeight]).map((n) => n * each[i]));
    const gap = 16, total = size.reduce((sum, s) => sum + s[0], 0), high = Math.max(...size.map((s) => s[1]));
    const fit = Math.min((stage.clientWidth - gap * (shown.length - 1)) / total, stage.clientHeight / high, 1);
    const scale = state.scale || fit;
    if (!state.scale) {
      state.x = (stage.clientWidth - total * scale - gap * (shown.length - 1)) / 2;
      state.y = (stage.clientHeight - high * scale) / 2;
    }
    let left = state.x;
    shown.forEach((pane, i) => {
      const p = pane.image, k = scale * each[i];
      const cx = left + size[i][0] * scale / 2, cy = state.y + size[i][1] * scale / 2;
      p.style.transform = "translate(" + (cx - p.naturalWidth / 2) + "px," + (cy - p.naturalHeight / 2) + "px) scale(" + k + ") rotate(" + turnOf(pane) + "deg)";
      const w = p.naturalWidth * k, h = p.naturalHeight * k;
      pane.svg.setAttribute("viewBox", "0 0 " + p.naturalWidth + " " + p.naturalHeight);
      pane.svg.style.width = w + "px";
      pane.svg.style.height = h + "px";
      pane.svg.style.transform = "translate(" + (cx - w / 2) + "px," + (cy - h / 2) + "px) rotate(" + turnOf(pane) + "deg)";
      pane.cx = cx;
      pane.cy = cy;
      pane.k = k;
      left += size[i][0] * scale + gap;
    });
    state.now = scale;
    if (state.focus) {
      const focus = state.focus;
      state.focus = null;
      focus();
    }
  }

  // A point of the stage in pixels of a picture, and back.
  function pixelOf(pane, x, y) {
    const a = -turnOf(pane) * Math.PI / 180, dx = x - pane.cx, dy = y - pane.cy;
    return [
      (dx * Math.cos(a) - dy * Math.sin(a)) / pane.k + pane.image.naturalWidth / 2,
      (dx * Math.sin(a) + dy * Math.cos(a)) / pane.k + pane.image.naturalHeight / 2,
    ];
  }
  function stageOf(pane, p) {
    const a = turnOf(pane) * Math.PI / 180;
    const dx = (p[0] - pane.image.naturalWidth / 2) * pane.k, dy = (p[1] - pane.image.naturalHeight / 2) * pane.k;
    return [pane.cx + dx * Math.cos(a) - dy * Math.sin(a), pane.cy + dx * Math.sin(a) + dy * Math.cos(a)];
  }

  // Brings a place of the picture into the middle, as large as asked for, but no larger than it can be seen whole.
  function centre(points, scale) {
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const wide = Math.max(Math.max(...xs) - Math.min(...xs), 1), high = Math.max(Math.max(...ys) - Math.min(...ys), 1);
    state.scale = Math.min(scale, 0.7 * stage.clientWidth / wide, 0.7 * stage.clientHeight / high);
    draw();
    const at = stageOf(main, [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2]);
    state.x += stage.clientWidth / 2 - at[0];
    state.y += stage.clientHeight / 2 - at[1];
    draw();
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

  // The layers. Everything that was measured is in pixels of the upright picture; of a document by itself each point is taken there by
  // the map that makes its corners those of the picture.
  function shape(pane, name, attributes) {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) {
      e.setAttribute(key, value);
    }
    pane.svg.append(e);
    return e;
  }
  function polygon(pane, to, points, layer, colour) {
    const e = shape(pane, "polygon", { points: points.map((p) => to(p).map((n) => n.toFixed(1)).join(",")).join(" "), class: "layer " + layer });
    if (colour) {
      e.style.stroke = e.style.fill = colour;
    }
    return e;
  }
  const box = ([x, y, w, h]) => [[x, y], [x + w, y], [x + w, y + h], [x, y + h]];

  // From a quadrilateral to a rectangle (Heckbert, Fundamentals of Texture Mapping, 1989): the inverse of the map of the square.
  function flatten([p0, p1, p2, p3], w, h) {
    const sx = p0[0] - p1[0] + p2[0] - p3[0], sy = p0[1] - p1[1] + p2[1] - p3[1];
    const dx1 = p1[0] - p2[0], dx2 = p3[0] - p2[0], dy1 = p1[1] - p2[1], dy2 = p3[1] - p2[1];
    const d = dx1 * dy2 - dx2 * dy1;
    const g = (sx * dy2 - dx2 * sy) / d, i = (dx1 * sy - sx * dy1) / d;
    const a = p1[0] - p0[0] + g * p1[0], b = p3[0] - p0[0] + i * p3[0], c = p0[0];
    const e = p1[1] - p0[1] + g * p1[1], f = p3[1] - p0[1] + i * p3[1], q = p0[1];
    return ([x, y]) => {
      const u = (f - q * i) * x + (c * i - b) * y + b * q - c * f;
      const v = (q * g - e) * x + (a - c * g) * y + c * e - a * q;
      const t = (e * i - f * g) * x + (b * g - a * i) * y + a * f - b * e;
      return [u / t * w, v / t * h];
    };
  }

  // As in the drawn overlay: from vermillion over yellow to blue, the height of letters over the width of their edges from 3 to 10.
  function sharpnessColour(ratio) {
    const t = 2 * Math.min(1, Math.max(0, Math.log(ratio / 3) / Math.log(10 / 3) || 0));
    const stops = [[213, 94, 0], [240, 228, 66], [0, 114, 178]], n = Math.min(1, Math.floor(t));
    return "rgb(" + stops[n].map((from, k) => Math.round(from + (t - n) * (stops[n + 1][k] - from))).join(",") + ")";
  }

  async function drawLayers() {
    const turn = {};
    drawLayers.turn = turn;
    for (const b of viewer.querySelectorAll("[data-layer]")) {
      b.setAttribute("aria-pressed", layers.has(b.dataset.layer));
    }
    button("[data-tool=overlay]").setAttribute("aria-pressed", allLayers.every((l) => layers.has(l)));
    for (const pane of panes) {
      if (!pane.item || !(layers.size || pane.mark)) {
        pane.svg.replaceChildren();
        continue;
      }
      const item = pane.item, composite = isComposite(item);
      const made = composite ? await compositeOf(item) : null;
      const text = composite ? {} : await known(item), m = text.measurements || {};
      await pane.image.decode().catch(() => {});
      if (drawLayers.turn !== turn || pane.item !== item) {
        return;
      }
      pane.svg.replaceChildren();
      let to = (p) => p;
      if (rectified(item) && m.document) {
        to = flatten(m.document.quad, pane.image.naturalWidth, pane.image.naturalHeight);
      }
      pane.to = to;
      const on = {
        document() {
          (m.others || []).forEach((d) => polygon(pane, to, d.quad, "document other"));
          (m.parts || []).forEach((p) => polygon(pane, to, p.quad, "document part"));
          if (m.document) {
            polygon(pane, to, m.document.quad, "document");
            const [x, y] = to(m.document.quad[0]);
            shape(pane, "circle", { cx: x, cy: y, r: Math.max(pane.image.naturalWidth, pane.image.naturalHeight) / 150, class: "layer corner" });
          }
          (made ? made.parts : []).forEach((p) => polygon(pane, to, p.quad, "document"));
        },
        sharpness() {
          ((m.legibility || {}).tiles || []).forEach((t) => {
            const colour = sharpnessColour((t.text_height_px || m.legibility.text_height_px) / t.edge_width_px);
            polygon(pane, to, t.quad, "sharpness", colour);
          });
        },
        glare() {
          ((m.glare || {}).regions || []).forEach((r) => polygon(pane, to, r, "glare"));
        },
        hidden() {
          ((m.document || {}).occlusions || []).forEach((r) => polygon(pane, to, r, "hidden"));
        },
        faces() {
          (m.faces || []).forEach((f) => polygon(pane, to, box(f.box), f.in_document ? "faces printed" : "faces"));
        },
        findings() {
          for (const e of item.querySelectorAll("[data-region]")) {
            polygon(pane, to, cornersOf(e), "findings");
          }
        },
        text() {
          (text.seals || []).forEach((s) => polygon(pane, to, s.quad, "text seal"));
          (text.lines || []).forEach((l) => {
            const sure = l.confidence >= 0.9;
            polygon(pane, to, l.quad, sure ? "text" : "text unsure");
            // What was read stands above its line, as the line runs.
            const [a, b, , d] = l.quad.map(to);
            const high = Math.hypot(d[0] - a[0], d[1] - a[1]), wide = Math.hypot(b[0] - a[0], b[1] - a[1]);
            const size = Math.min(high * 0.5, 1.6 * wide / Math.max(l.text.length, 1));
            const angle = Math.atan2(b[1] - a[1], b[0] - a[0]) * 180 / Math.PI;
            shape(pane, "text", {
              "font-size": size.toFixed(1), dy: (-0.15 * size).toFixed(1), class: "layer words" + (sure ? "" : " unsure"),
              transform: "translate(" + a[0].toFixed(1) + " " + a[1].toFixed(1) + ") rotate(" + angle.toFixed(1) + ")",
            }).textContent = l.text;
          });
        },
      };
      const drawn = () => pane.svg.childElementCount;
      const before = drawn();
      for (const layer of allLayers) {
        if (layers.has(layer)) {
          on[layer]();
        }
      }
      pane.svg.dataset.shapes = drawn() - before;
      mark(pane);
    }
  }

  // A place that was asked for: a frame, or a cross.
  function mark(pane) {
    if (!pane.mark) {
      return;
    }
    if (pane.mark.length > 1) {
      polygon(pane, pane.to, pane.mark, "mark");
      return;
    }
    const [x, y] = pane.to(pane.mark[0]), r = 14 / pane.k;
    shape(pane, "path", { d: "M" + (x - r) + " " + y + "h" + 2 * r + "M" + x + " " + (y - r) + "v" + 2 * r, class: "layer mark" });
    shape(pane, "circle", { cx: x, cy: y, r: r / 2, class: "layer mark" });
  }

  // Opens a file at a place given in pixels of its upright picture.
  function showPlace(item, points, scale, turn) {
    state.rectified = state.pair = false;
    syncTools();
    show(items.indexOf(item));
    state.turn = turn || 0;
    main.mark = points;
    state.focus = () => centre(points, scale);
    if (ready(main)) {
      draw();
    }
    drawLayers();
  }

  // From a point of a composite to the place in its source: beside it, or in its stead.
  async function openSource(x, y) {
    const item = items[state.at], p = pixelOf(main, x, y);
    const at = await fetch("/composites/" + item.dataset.composite + "/point?x=" + p[0] + "&y=" + p[1]).then((r) => r.ok ? r.json() : null).catch(() => null);
    const source = at && itemOf(at.material);
    if (!source) {
      caption.textContent = item.dataset.label + ": " + caption.dataset.none;
      return;
    }
    const part = (await compositeOf(item)).parts[at.part];
    if (state.pair) {
      state.part = at.part;
      await load();
      main.mark = [p];
      beside.mark = [at.at];
      drawLayers();
      return;
    }
    const from = { at: state.at, scale: state.scale, x: state.x, y: state.y, turn: state.turn, part: at.part };
    const scale = state.now / part.scale;
    state.from = from; // before the source is shown, so that the way back is
    showPlace(source, [at.at], Math.max(scale, 0.2));
  }

  function back() {
    const from = state.from;
    state.from = null;
    if (from) {
      show(from.at);
      Object.assign(state, from);
      draw();
    }
  }

  function syncTools() {
    for (const name of ["rectified", "pair"]) {
      button("[data-tool=" + name + "]").setAttribute("aria-pressed", state[name]);
    }
  }
  function toggle(name) {
    state[name] = !state[name];
    state.scale = 0;
    main.mark = beside.mark = null;
    syncTools();
    load();
  }
  function keep() {
    sessionStorage.setItem("layers", Array.from(layers).join(" "));
    drawLayers();
  }
  const tools = {
    in: () => zoom(1.4), out: () => zoom(1 / 1.4), fit: () => { state.scale = 0; draw(); }, full: () => zoom(1 / state.now),
    turn: () => { state.turn = (state.turn + 90) % 360; state.scale = 0; draw(); },
    rectified: () => toggle("rectified"), pair: () => toggle("pair"), back,
    overlay() {
      const on = !allLayers.every((l) => layers.has(l));
      allLayers.forEach((l) => on ? layers.add(l) : layers.delete(l));
      keep();
    },
  };
  for (const b of viewer.querySelectorAll("[data-tool]")) {
    b.addEventListener("click", () => tools[b.dataset.tool]());
  }
  for (const b of viewer.querySelectorAll("[data-layer]")) {
    b.addEventListener("click", () => {
      const layer = b.dataset.layer;
      layers.has(layer) ? layers.delete(layer) : layers.add(layer);
      keep();
    });
  }
  for (const { image } of panes) {
    image.addEventListener("load", draw);
    image.draggable = false;
  }
  addEventListener("resize", draw);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event);
  }, { passive: false });

  const pointers = new Map();
  let pressed = null; // where a press began that may become a click
  stage.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    pressed = pointers.size === 1 ? event : null;
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      return;
    }
    if (pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) > 4) {
      pressed = null;
    }
    if (pointers.size === 2) {
      const rest = Array.from(pointers.values()).find((p) => p.pointerId !== event.pointerId);
      const apart = (p) => Math.hypot(p.clientX - rest.clientX, p.clientY - rest.clientY) || 1;
      zoom(apart(event) / apart(before), { clientX: (event.clientX + rest.clientX) / 2, clientY: (event.clientY + rest.clientY) / 2 });
    } else if (!pressed) {
      state.scale = state.now;
      state.x += event.clientX - before.clientX;
      state.y += event.clientY - before.clientY;
      draw();
    }
    pointers.set(event.pointerId, event);
  });
  stage.addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    if (pressed && isComposite(items[state.at])) {
      const frame = stage.getBoundingClientRect();
      openSource(event.clientX - frame.left, event.clientY - frame.top);
    }
    pressed = null;
  });
  stage.addEventListener("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    pressed = null;
  });
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (step) {
      event.preventDefault();
      state.scale = state.now;
      state.x += step[0];
      state.y += step[1];
      draw();
    } else if (event.key === "Enter" && isComposite(items[state.at])) {
      event.preventDefault();
      openSource(stage.clientWidth / 2, stage.clientHeight / 2);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest("input:not([type=checkbox]), textarea, select, dialog") && (event.key === "j" || event.key === "k")) {
      state.from = null;
      show(state.at + (event.key === "j" ? 1 : -1));
    }
  });

  items.forEach((item, i) => item.querySelector("[data-show]").addEventListener("click", (event) => {
    event.preventDefault();
    state.from = null;
    show(i);
  }));
  // A field shows where it was read, a finding where the trouble is, a part of a composite its source beside it.
  for (const b of document.querySelectorAll("[data-where]")) {
    b.disabled = false;
    b.addEventListener("click", async () => {
      const item = b.closest("[data-file]");
      const field = ((await known(item)).fields || []).find((f) => f.name === b.dataset.where);
      if (field && field.quads) {
        // As its text runs: a document that lies on its side is turned to be read.
        const [a, b] = field.quads[0];
        const angle = Math.atan2(b[1] - a[1], b[0] - a[0]) * 180 / Math.PI;
        showPlace(item, field.quads.length > 1 ? around(field.quads.flat()) : field.quads[0], 1, (360 - 90 * Math.round(angle / 90)) % 360);
      } else {
        caption.textContent = item.dataset.label + ": " + caption.dataset.empty;
      }
    });
  }
  function around(points) {
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const x = Math.min(...xs), y = Math.min(...ys);
    return box([x, y, Math.max(...xs) - x, Math.max(...ys) - y]);
  }
  function cornersOf(e) {
    return e.dataset.region.split(" ").map((p) => p.split(",").map(Number));
  }
  for (const b of document.querySelectorAll("[data-region]")) {
    const item = b.closest("[data-file]");
    if (item) {
      b.hidden = false;
      b.addEventListener("click", () => showPlace(item, cornersOf(b), 1));
    }
  }
  for (const b of document.querySelectorAll("[data-part]")) {
    b.disabled = false;
    b.addEventListener("click", async () => {
      const item = b.closest("[data-composite]");
      show(items.indexOf(item));
      state.part = Math.max(0, (await compositeOf(item)).parts.findIndex((p) => p.id === b.dataset.part));
      state.pair = true;
      syncTools();
      load();
    });
  }
  // A composite that was just made is what its reviewer wants to see.
  const named = items.findIndex((i) => i.id && "#" + i.id === location.hash);
  show(Math.max(named, 0), named < 0);
}
