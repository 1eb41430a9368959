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
  const status = form.querySelector("[data-status]");
  const most = 6; // attempts
  let key; // one for each photo, so that sending it once more by hand does not double it either
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change"));
      }
    });
  }
  input.addEventListener("change", () => {
    key = undefined;
    say(tooLarge() ? form.dataset.toolarge : "");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (tooLarge()) { // minutes on a phone's network, for a refusal
      return say(form.dataset.toolarge);
    }
    key ||= Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    button.disabled = true;
    bar.hidden = false;
    attempt(1);
  });

  function tooLarge() {
    return input.files.length > 0 && input.files[0].size > Number(form.dataset.most);
  }

  function say(words) {
    if (status) {
      status.textContent = words || "";
    }
  }

  function attempt(number) {
    const request = new XMLHttpRequest();
    const stall = 1000 * Number(form.dataset.stall || 20); // ms in which nothing moves
    const patience = 1000 * Number(form.dataset.patience || 45); // ms for an answer to what was handed to the network whole
    let moved = Date.now();
    let sent = false;
    let over = false;
    const watch = setInterval(() => {
      if (Date.now() - moved > (sent ? patience : stall)) {
        again(0);
      }
    }, Math.min(stall, 1000));
    request.open("POST", form.action);
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.addEventListener("progress", (e) => {
      moved = Date.now();
      if (e.lengthComputable) {
        bar.value = 100 * e.loaded / e.total;
        say(form.dataset.sending + " " + Math.round(bar.value) + "%");
      }
    });
    request.upload.addEventListener("load", () => {
      moved = Date.now();
      sent = true;
      say(form.dataset.checking);
    });
    request.addEventListener("load", () => {
      if ([408, 429, 502, 503, 504].includes(request.status) && number < most) {
        return again(1000 * Number(request.getResponseHeader("Retry-After") || 0));
      }
      over = true;
      clearInterval(watch);
      if (request.responseURL && new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
        return location.assign(request.responseURL);
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      document.title = page.title;
      scrollTo(0, 0);
    });
    request.addEventListener("error", () => again(0));
    request.send(new FormData(form));

    // again ends this attempt and makes the next after a pause, or at once when the phone is online again.
    function again(pause) {
      if (over) {
        return;
      }
      over = true;
      clearInterval(watch);
      request.abort();
      if (number >= most) {
        button.disabled = false;
        bar.hidden = true;
        return say(form.dataset.lost);
      }
      say(form.dataset.again);
      const next = () => {
        clearTimeout(timer);
        removeEventListener("online", next);
        attempt(number + 1);
      };
      const timer = setTimeout(next, pause || 500 * 2 ** number);
      addEventListener("online", next);
    }
  }
}

for (const time of document.querySelectorAll("time[data-local]")) { // the server knows no visitor's time zone
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {dateStyle: "medium", timeStyle: "short"});
}

for (const form of document.querySelectorAll("form[data-busy]")) { // it takes seconds, and one tap is enough
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
}

// A second tap while the first is on its way does nothing; who comes back to the page by the browser's button may send it again.
for (const form of document.querySelectorAll('form[method="post"]:not([data-upload])')) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
    }
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
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
