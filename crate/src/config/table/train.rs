//! The rows of the training data and the optimiser, and of how far a run is trained.

use serde_json::{Value, json};

use super::super::setting::Setting;
use super::row::{SEED_MAX, boolean, integer, real};

/// The rows of the group `train`.
pub(super) const ROWS: &[Setting] = &[
    integer(
        "train.num_samples",
        1,
        10_000_000,
        |_| json!(10_000),
        "How many lists (of each length) the training set has; none: every step draws new lists.",
    )
    .optional(),
    real(
        "train.train_fraction",
        0.01,
        0.99,
        false,
        |_| Value::Null,
        "The share of all possible lists that is trained on, each once an epoch; the rest is held out, and num_samples \
            has no effect. None: lists are drawn at random, and one in 64 is held out.",
    )
    .optional(),
    integer("train.batch_size", 1, 1024, |_| json!(100), "How many lists the model learns from in one step."),
    integer("train.train_seed", 0, SEED_MAX, |_| json!(42), "Seed of the training lists and of their order."),
    integer("train.test_seed", 0, SEED_MAX, |_| json!(62), "Seed of the held-out lists, which are never trained on."),
    real("train.lr", 1e-7, 1.0, true, |_| json!(1e-3), "Learning rate: how far Adam moves the weights in a step."),
    real("train.beta1", 0.0, 0.9999, false, |_| json!(0.9), "Adam's memory of past gradients."),
    real("train.beta2", 0.0, 0.999_999, false, |_| json!(0.999), "Adam's memory of the size of past gradients."),
    real(
        "train.adam_eps",
        1e-12,
        0.1,
        true,
        |_| json!(1e-8),
        "Added to Adam's denominator so that it never divides by zero.",
    ),
    boolean(
        "train.plateau",
        |_| json!(true),
        "Whether the learning rate is lowered when the held-out loss stops falling (ReduceLROnPlateau).",
    ),
    real(
        "train.plateau_factor",
        0.01,
        0.99,
        false,
        |_| json!(0.5),
        "What the learning rate is multiplied by when the held-out loss stops falling.",
    ),
    integer(
        "train.plateau_patience",
        0,
        1000,
        |_| json!(2),
        "How many epochs without improvement are tolerated before the learning rate is lowered.",
    ),
    real(
        "train.plateau_threshold",
        0.0,
        0.5,
        false,
        |_| json!(1e-4),
        "The smallest relative decrease of the held-out loss that counts as an improvement.",
    ),
    integer(
        "train.steps",
        0,
        4_000_000,
        |_| json!(0),
        "How many steps the model has been trained; opening the link trains it that far.",
    ),
];
