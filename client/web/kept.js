/** What this browser keeps between visits; where it may keep nothing, until the page is left. */

const meanwhile = new Map();

export function kept(key) {
  try {
    return localStorage.getItem(`segue.${key}`);
  } catch {
    return meanwhile.get(key) ?? null;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(`segue.${key}`, value);
  } catch {
    meanwhile.set(key, value);
  }
}
