//! What no path of ours reaches in other people's crates is left out of the modules: code for types of numbers that we have no tensors of,
//! kernels that nobody launches, quantisation, readers of texts that nobody writes. Rust links it all the same, since what is used is chosen
//! when the program runs. `list.txt` names it, with reasons; `cargo xtask` puts itself between rustc and the linker and empties those functions
//! in the object files, and the linker then leaves out whatever only they needed: code, tables, texts.
//!
//! The same list is applied to every profile, so all tests run on modules that are cut like the published ones. A call of an emptied function
//! would be a trap, which the page takes like a panic. Nothing may be on the list because tests do not reach it: only what no input and no GPU can
//! ask for, with the reason. Not here: anything of our own crates, which can simply not be written.

mod archive;
mod bytes;
mod linker;
mod list;
mod object;

pub use linker::{Linker, is_linker, link};
