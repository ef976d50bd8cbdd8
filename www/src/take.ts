// Taking something away from the page: into the clipboard, or as a file.

/** False: the browser refused. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text); // not there at all where the page is not served securely
    return true;
  } catch {
    return false;
  }
}

export function save({ name, content }: { name: string; content: BlobPart }): void {
  const url = URL.createObjectURL(new Blob([content]));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun once the click has been handled; browsers differ in when they read the address.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
