// Buttons that copy an id, a reason or a body. The server writes them; without this script they are not shown.
const SHOWN_MS = 2000;

document.documentElement.dataset.scripted = '';

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-copy], [data-copy-from]') : null;
  if (button === null) return;
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent ?? '';
  const copied = (await toClipboard(text)) ? button.dataset.copied : button.dataset.notCopied;
  const label = button.querySelector('[data-label]');
  const announcer = document.getElementById('announcer');
  button.dataset.done = '';
  if (label !== null) label.textContent = copied;
  if (announcer !== null) announcer.textContent = copied;
  setTimeout(() => {
    delete button.dataset.done;
    if (label !== null) label.textContent = button.dataset.name;
  }, SHOWN_MS);
});

/** Whether it is there. Browsers give the clipboard itself to pages that came by https, and from this machine. */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byCommand(text);
  }
}

function byCommand(text) {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  focused?.focus({ preventScroll: true });
  return done;
}
