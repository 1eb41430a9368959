// The camera of a photo's page: what the browser's camera sees under a frame in the shape of the document, a still of it, a look at
// it, and then the same form that sends a chosen file. Without this script, or a camera, the form alone does it.
"use strict";

const camera = document.querySelector("[data-camera]");
const form = document.querySelector("form[data-capture]");

if (form) {
  const input = form.querySelector("input[type=file]");
  const send = form.querySelector("button");
  const retake = form.querySelector("[data-retake]");
  const preview = form.querySelector("[data-preview]");
  const choose = form.querySelector(".drop");
  const part = (name) => camera.querySelector("[data-" + name + "]");
  const finder = part("finder");
  const tools = part("finder-tools");
  const says = part("says");
  const video = camera.querySelector("video");
  const frame = part("frame");
  const largest = 4 << 20; // bytes, from which on a bureau refuses a file
  const smallest = 200 << 10;
  let stream;
  let turned = false;
  let byCamera = false;
  let facing = "environment"; // the camera that looks away from who holds the phone

  send.hidden = true;
  form.classList.add("enhanced");
  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    camera.hidden = false;
    input.removeAttribute("capture"); // the camera is above: this is for photos that are there
    part("open").addEventListener("click", open);
    part("close").addEventListener("click", close);
    part("shoot").addEventListener("click", shoot);
    part("switch").addEventListener("click", other);
    part("turn")?.addEventListener("click", () => { turned = !turned; drawFrame(); });
    video.addEventListener("resize", drawFrame); // the phone was turned
    addEventListener("pagehide", stop);
  }
  input.addEventListener("change", () => { byCamera = false; look(); });
  retake.addEventListener("click", () => {
    input.value = "";
    look();
    if (byCamera) {
      open();
    } else {
      input.click();
    }
  });

  if (input.files.length) { // chosen before this script ran, or kept by the browser when it went back
    look();
  }

  async function open() {
    says.textContent = "";
    try {
      await through({facingMode: facing});
    } catch (error) {
      says.textContent = error.name === "NotAllowedError" ? says.dataset.denied : says.dataset.none;
      part("open").parentElement.hidden = true;
      return;
    }
    part("open").parentElement.hidden = true;
    choose.hidden = true;
    finder.hidden = tools.hidden = false;
    part("switch").hidden = (await cameras()).length < 2;
    drawFrame();
    says.textContent = says.dataset.ready;
    part("shoot").focus();
    finder.scrollIntoView({block: "center"});
  }

  async function through(which) {
    stream = await navigator.mediaDevices.getUserMedia({audio: false, video: {...which, width: {ideal: 3840}, height: {ideal: 2160}}});
    video.srcObject = stream;
    await video.play();
    const seen = stream.getVideoTracks()[0].getSettings();
    // As in a mirror where it looks at who holds it: that is how people find the frame. The photo is not.
    finder.classList.toggle("mirror", seen.facingMode === "user");
    return seen;
  }

  async function cameras() {
    try {
      return (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput");
    } catch {
      return [];
    }
  }

  // other changes from the camera at the back to the one at the front and again; where the device does not say which is which, to the
  // next of them. A phone lets one be open at a time, so the first is closed before; where the other does not open it is opened again.
  async function other() {
    const buttons = ["switch", "shoot", "close"].map(part); // none of them has a camera meanwhile
    buttons.forEach((b) => { b.disabled = true; });
    const list = await cameras();
    const now = stream.getVideoTracks()[0].getSettings();
    const next = list[(list.findIndex((d) => d.deviceId === now.deviceId) + 1) % list.length];
    const turned = now.facingMode === "user" ? "environment" : "user";
    stop();
    try {
      let seen = await through(now.facingMode ? {facingMode: {ideal: turned}} : {deviceId: {exact: next.deviceId}});
      if (seen.deviceId === now.deviceId) {
        stop();
        seen = await through({deviceId: {exact: next.deviceId}});
      }
      facing = seen.facingMode || facing;
    } catch {
      await through({deviceId: {exact: now.deviceId}}).catch(close);
    }
    buttons.forEach((b) => { b.disabled = false; });
    drawFrame();
    part("switch").focus();
  }

  function stop() {
    for (const track of stream?.getTracks() || []) {
      track.stop();
    }
    stream = undefined;
    video.srcObject = null;
  }

  function close() {
    stop();
    finder.hidden = tools.hidden = true;
    choose.hidden = part("open").parentElement.hidden = false;
    says.textContent = "";
  }

  async function shoot() {
    part("shoot").disabled = true;
    const photo = await still();
    part("shoot").disabled = false;
    const files = new DataTransfer();
    files.items.add(new File([photo], "photo.jpg", {type: photo.type}));
    close();
    input.files = files.files;
    byCamera = true;
    look();
  }

  // still is a photo at the camera's full resolution where the browser can take one, else what the camera shows now.
  async function still() {
    const [track] = stream.getVideoTracks();
    if ("ImageCapture" in window) {
      try {
        const late = new Promise((_, reject) => { setTimeout(reject, 5000, new Error("late")); });
        const photo = await Promise.race([new ImageCapture(track).takePhoto(), late]);
        const size = await createImageBitmap(photo);
        if (photo.type === "image/jpeg" && size.width * size.height >= video.videoWidth * video.videoHeight) {
          return photo;
        }
      } catch { /* this camera takes no photos */ }
    }
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const encode = (quality) => new Promise((done) => { canvas.toBlob(done, "image/jpeg", quality); });
    let photo = await encode(0.92);
    for (const quality of photo.size < smallest ? [0.97, 1] : [0.85, 0.75]) {
      if (photo.size >= smallest && photo.size < largest) {
        break;
      }
      photo = await encode(quality);
    }
    return photo;
  }

  // look shows the photo that would be sent; nothing is sent before that was pressed.
  async function look() {
    const [file] = input.files;
    send.hidden = retake.hidden = !file;
    preview.hidden = true;
    choose.hidden = Boolean(file);
    camera.classList.toggle("over", Boolean(file));
    if (!file) {
      return;
    }
    try {
      const picture = await createImageBitmap(file);
      const canvas = preview.querySelector("canvas");
      const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      canvas.width = picture.width * scale;
      canvas.height = picture.height * scale;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      preview.hidden = false;
      preview.querySelector("[data-preview-words]").focus();
    } catch { // a format that this browser does not show: the service says what it is
      send.focus();
    }
  }

  // drawFrame draws the guide: the largest card or page that fits into what the camera sees, or a person with a card.
  function drawFrame() {
    const w = video.videoWidth;
    const h = video.videoHeight;
    if (!w) {
      return;
    }
    frame.setAttribute("viewBox", "0 0 " + w + " " + h);
    const rectangle = (cx, cy, width, height, r) => {
      const x = cx - width / 2;
      const y = cy - height / 2;
      return `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}z`;
    };
    let guide;
    if (camera.dataset.camera === "person") {
      const u = Math.min(w, h);
      const x = w / 2;
      guide = `M${x - u * 0.16} ${h * 0.28}a${u * 0.16} ${u * 0.2} 0 1 1 ${u * 0.32} 0a${u * 0.16} ${u * 0.2} 0 1 1 ${-u * 0.32} 0z` +
        rectangle(x, h * 0.28 + u * 0.46, u * 0.5, u * 0.5 / 1.5858, u * 0.02);
    } else {
      const card = camera.dataset.camera === "card";
      let ratio = card ? 85.6 / 53.98 : (w > h ? 297 / 210 : 210 / 297); // ISO/IEC 7810 ID-1, ISO 216 A4
      if (turned) {
        ratio = 1 / ratio;
      }
      const width = Math.min(0.9 * w, 0.9 * h * ratio);
      guide = rectangle(w / 2, h / 2, width, width / ratio, card ? width * 3.18 / 85.6 : 0);
    }
    const path = (name, d) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
      element.setAttribute("class", name);
      element.setAttribute("d", d);
      return element;
    };
    frame.replaceChildren(path("scrim", `M0 0h${w}v${h}h${-w}z` + guide), path("guide", guide));
  }
}

for (const link of document.querySelectorAll('a[href="#shoot"]')) {
  link.addEventListener("click", () => document.querySelector("[data-camera]:not([hidden]) [data-open]")?.focus());
}

if (document.querySelector("[data-pending]")) {
  setTimeout(() => location.reload(), 2000);
}
