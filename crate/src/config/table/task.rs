//! The rows of what a model learns. A row says which tasks have the field; its default may depend on the task.

use serde_json::{Value, json};

use super::super::forms::MAX_TOKEN;
use super::super::setting::Setting;
use super::row::{boolean, choice, integer};

const SORT: &str = "sort";
const MAX_OF_LIST: &str = "max_of_list";

/// The rows of the group `task`.
pub(super) const ROWS: &[Setting] = &[
    choice(
        "task.name",
        &[SORT, MAX_OF_LIST],
        |_| json!(SORT),
        "What the model learns: to sort a list of numbers, or to name the largest number of a list.",
    ),
    integer("task.list_length", 1, 50, |_| json!(5), "How many numbers are in a list."),
    integer("task.min_value", 0, 999, |_| json!(0), "The smallest number that can be in a list.").only(&[SORT]),
    integer(
        "task.max_value",
        1,
        1000,
        |above| if above.task() == MAX_OF_LIST { json!(10) } else { json!(64) },
        "One more than the largest number that can be in a list.",
    ),
    integer(
        "task.bos_token",
        0,
        MAX_TOKEN,
        |above| json!(above.integer("task.max_value") + 1),
        "The token that starts every sequence (beginning of sequence); none: sequences start with the list.",
    )
    .optional()
    .only(&[SORT])
    .derived("max_value + 1"),
    integer(
        "task.mid_token",
        0,
        MAX_TOKEN,
        |above| json!(above.integer("task.max_value") + 2),
        "The token between the list and its sorted order; none: the sorted numbers follow the list directly.",
    )
    .optional()
    .only(&[SORT])
    .derived("max_value + 2"),
    integer(
        "task.eos_token",
        0,
        MAX_TOKEN,
        |_| Value::Null,
        "The token after the sorted list (end of sequence), which the model learns to predict; none: sequences end \
            with the sorted list.",
    )
    .optional()
    .only(&[SORT]),
    boolean("task.repeats", |_| json!(true), "Whether a number may occur more than once in a list.").only(&[SORT]),
    boolean("task.var_length", |_| json!(false), "Whether each list has a random length, from 1 to list_length.")
        .only(&[SORT]),
];
