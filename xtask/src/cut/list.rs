//! `list.txt`: which functions are left out.
//!
//! A line is the beginning of a function's path and words that its name must contain, in the form that `rustc_demangle` gives it without
//! hashes (`<` before a path does not count). Lines are for the modules that the last `[…]` before them names. `#` starts a comment.

use rustc_demangle::demangle;

const TEXT: &str = include_str!("list.txt");

/// The lines for one module, and how many functions each has met.
pub struct List {
    lines: Vec<Line>,
}

struct Line {
    text: &'static str,
    path: &'static str,
    words: Vec<&'static str>,
    met: usize,
}

impl List {
    /// The lines for the module of this name.
    pub fn of(module: &str) -> Self {
        let mut lines = Vec::new();
        let mut meant = false;
        for text in TEXT.lines().map(str::trim).filter(|text| !text.is_empty() && !text.starts_with('#')) {
            if let Some(modules) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                meant = modules.split(", ").any(|name| name == module);
            } else if meant {
                let mut words = text.split(' ');
                let path = words.next().unwrap_or_default();
                lines.push(Line { text, path, words: words.collect(), met: 0 });
            }
        }
        Self { lines }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether nobody needs the function of this mangled name.
    pub fn has(&mut self, mangled: &str) -> bool {
        let name = format!("{:#}", demangle(mangled));
        let path = name.trim_start_matches(['<', '&']);
        let meets = |line: &&mut Line| path.starts_with(line.path) && line.words.iter().all(|word| name.contains(word));
        let line = self.lines.iter_mut().find(meets);
        line.map(|line| line.met += 1).is_some()
    }

    /// How many names were met, and by which lines none: those are out of date.
    pub fn report(&self) -> String {
        let names: usize = self.lines.iter().map(|line| line.met).sum();
        let idle: Vec<&str> = self.lines.iter().filter(|line| line.met == 0).map(|line| line.text).collect();
        let idle = if idle.is_empty() {
            String::new()
        } else {
            format!(" Lines of list.txt that met none: {}.", idle.join("; "))
        };
        format!("Left out: {names} functions that nobody calls, and what only they need.{idle}")
    }

    /// Another text for other lists.
    pub fn stamp() -> &'static str {
        TEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the list of a module has functions of this name; what is not mangled is its own name.
    fn has(module: &str, name: &str) -> bool {
        List::of(module).has(name)
    }

    #[test]
    fn a_line_is_for_its_modules_and_begins_a_path() {
        let float64 = "burn_flex::ops::mask::mask_where::<f64>";
        assert!(has("CPU", float64) && has("WebGPU", float64));
        assert!(!has("reader", float64) && List::of("reader").is_empty());
        assert!(!has("CPU", "burn_flex::ops::mask::mask_where::<f32>"));
        assert!(!has("CPU", "<alloc::vec::Vec<f64>>::extend::<burn_flex::ops::Strided::<f64>>"), "it begins elsewhere");
        let quantised = "<burn_flex::backend::Flex as burn_backend::QTensorOps<burn_flex::backend::Flex>>::quantize";
        assert!(has("CPU", quantised));
        let routine = "cubek_matmul::multi_level::routines::naive::launch::launch_ref";
        assert!(has("WebGPU", routine) && !has("CPU", routine));
    }

    #[test]
    fn nothing_of_ours_is_on_the_list() {
        for module in ["CPU", "WebGPU"] {
            assert!(
                List::of(module).lines.iter().all(|line| !line.path.is_empty() && !line.path.starts_with("tinylens"))
            );
        }
    }
}
