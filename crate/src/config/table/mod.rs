//! The one table of settings: a row for each field of a record. A row comes after those that its default depends on.
//! Validation, the page's controls, links and the table in docs/links.md are derived from it.

mod model;
mod page;
mod row;
mod task;
mod train;

use super::setting::Setting;

/// All fields, in the order in which a link writes them. Links of version 1 are read with these defaults for ever;
/// changing a default requires a new version (docs/links.md).
pub const SETTINGS: &[Setting] = &{
    const GROUPS: [&[Setting]; 4] = [task::ROWS, model::ROWS, train::ROWS, page::ROWS];
    joined::<{ GROUPS[0].len() + GROUPS[1].len() + GROUPS[2].len() + GROUPS[3].len() }>(&GROUPS)
};

/// The row of the field with this path, if there is one.
pub fn setting(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.path == path)
}

/// The rows of all groups, `N` together.
const fn joined<const N: usize>(groups: &[&[Setting]]) -> [Setting; N] {
    let mut rows = [groups[0][0]; N];
    let (mut group, mut row, mut next) = (0, 0, 0);
    while next < N {
        if row == groups[group].len() {
            (group, row) = (group + 1, 0);
        } else {
            rows[next] = groups[group][row];
            (row, next) = (row + 1, next + 1);
        }
    }
    rows
}
