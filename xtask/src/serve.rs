//! `cargo xtask serve`: the page as soon as the modules are built that it needs at once. Where the module with WebGPU
//! takes longer, the page is served without it, says that it is coming, and takes it when it is built.

use std::time::Duration;

use crate::node::{self, Page};
use crate::paths::Paths;
use crate::stage::Outcome;
use crate::wasm::{self, Builder, Profile};

/// How long the page waits for the module with WebGPU: longer than cargo takes to find that it is up to date.
const SOON: Duration = Duration::from_secs(2);

/// Builds and serves the page until it is stopped.
pub fn serve(port: &str) -> Outcome {
    if port.parse::<u16>().is_err() {
        return Err(format!("The port is {port}; it must be a whole number from 0 to 65535."));
    }
    let paths = Paths::find();
    let builder = Builder::new(&paths, Profile::Release)?;
    for module in &wasm::FIRST {
        builder.build(module)?;
    }
    node::install(&paths)?;
    let mut webgpu = builder.start(&wasm::WEBGPU)?;
    if webgpu.cargo.ends_within(SOON) {
        webgpu.finish()?;
        node::page(&paths, Page::Whole)?;
        let (server, url) = node::serve(&paths, port)?;
        println!("{url}");
        return server.end();
    }
    node::page(&paths, Page::WithoutWebgpu)?;
    let (server, url) = node::serve(&paths, port)?;
    println!("{url}\n  The page is there. WebGPU is still being built; the page takes it when it is done.");
    // The page stays, on the CPU, whatever comes of WebGPU.
    match webgpu.finish().and_then(|()| node::page(&paths, Page::AwaitedWebgpu)) {
        Ok(()) => println!("{url}\n  The page has WebGPU now."),
        Err(message) => eprintln!("{message}\n{url}\n  The page stays without WebGPU."),
    }
    server.end()
}
