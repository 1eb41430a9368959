// Pages work without this script. With it: a file can be dropped, an upload shows its progress and is tried again when
// the network breaks (the same Idempotency-Key: nothing is doubled), a token in the link's fragment logs in, and the
// progress of a revalidation moves.
"use strict";

for (const form of document.querySelectorAll("form[data-login]")) {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", location.pathname);
    form.elements.token.value = token;
    form.submit();
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const zone = form.querySelector(".drop");
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const button = form.querySelector("button");
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
      }
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    button.disabled = true;
    bar.hidden = false;
    send(1);

    function send(attempt) {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Idempotency-Key", key);
      request.upload.addEventListener("progress", (e) => { if (e.lengthComputable) { bar.value = 100 * e.loaded / e.total; } });
      request.addEventListener("load", () => {
        if ((request.status === 429 || request.status === 503) && attempt < 6) {
          return setTimeout(send, 1000 * Number(request.getResponseHeader("Retry-After") || 2), attempt + 1);
        }
        if (request.responseURL && new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
          return location.assign(request.responseURL);
        }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        document.querySelector("main").replaceWith(page.querySelector("main"));
        document.title = page.title;
        scrollTo(0, 0);
      });
      request.addEventListener("error", () => {
        if (attempt < 6) {
          return setTimeout(send, 500 * 2 ** attempt, attempt + 1);
        }
        button.disabled = false;
        bar.hidden = true;
        form.submit(); // the browser's own page says what is wrong with the network
      });
      request.send(new FormData(form));
    }
  });
}

for (const section of document.querySelectorAll("[data-revalidation]")) {
  const bar = section.querySelector("progress");
  const events = new EventSource("/v1/events?revalidation=" + encodeURIComponent(section.dataset.revalidation));
  events.addEventListener("revalidation", (event) => {
    const now = JSON.parse(event.data);
    bar.max = Math.max(now.total, 1);
    bar.value = now.seen;
    for (const place of section.querySelectorAll("[data-live]")) {
      const value = now[place.dataset.live];
      if (value !== undefined) {
        place.textContent = Math.round(value).toLocaleString("en");
      }
    }
    for (const part of section.querySelectorAll("[data-live-if]")) {
      part.hidden = now[part.dataset.liveIf] === undefined;
    }
    if (now.state !== "running") {
      events.close();
      location.reload(); // the whole of it is on the page that the server makes
    }
  });
}
