// Serves a built folder on 127.0.0.1: node serve.mjs <folder> <port>
// A port that is taken makes way for the next. Also a function, for the tests.

import { createServer } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sirv from "sirv";

const TRIES = 50;

/** Port 0: any that is free. Resolves to the address and a way to stop. */
export async function serve(folder, port) {
  const files = sirv(resolve(folder), {
    dev: true, // look at the disk at every request: the build may have changed it
    etag: true, // no-cache instead of dev mode's no-store: a reload fetches again only what changed
    setHeaders: (response) => response.setHeader("X-Content-Type-Options", "nosniff"),
  });
  const server = createServer((request, response) =>
    files(request, response, () => {
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" });
      response.end("Not found\n");
    }),
  );
  for (let tries = 0; ; tries++) {
    try {
      await new Promise((done, failed) => {
        server.once("error", failed);
        server.listen(port === 0 ? 0 : port + tries, "127.0.0.1", () => {
          server.off("error", failed);
          done();
        });
      });
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || tries >= TRIES) throw error;
    }
  }
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder = "../dist", port = "8080"] = process.argv.slice(2);
  if (!/^\d+$/.test(port) || Number(port) > 65535) {
    console.error(`The port is “${port}”; a number from 0 to 65535 is accepted.`);
    process.exit(2);
  }
  const { url } = await serve(folder, Number(port));
  console.log(url);
}
