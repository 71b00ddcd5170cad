// Runs the ceremonies of a page. A form says with `data-passkey` whether a passkey is to be made or asked, and with its `action` who is
// told of it; the query of the page goes along, and with it `next`.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const problem = form.querySelector("[role=alert]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.hidden = true;
    try {
      const { publicKey } = await post(form, "begin", Object.fromEntries(new FormData(form)));
      const credential = await ceremonies[form.dataset.passkey](publicKey);
      const { to } = await post(form, "finish", credential);
      location.assign(to);
    } catch (error) {
      problem.textContent = reasons[error.name] ?? error.message;
      problem.hidden = false;
      button.disabled = false;
    }
  });
}

const ceremonies = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

// What browsers call it, and what it means here.
const reasons = {
  InvalidStateError: "This device has a passkey for you already.",
  NotAllowedError: "No passkey was used.",
};

async function post(form, step, body) {
  const response = await fetch(`${form.getAttribute("action")}/${step}${location.search}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}
