//! Knockouts as interventions.

use crate::config::{Instead, Knockout};
use crate::model::{Action, Intervention, Selection, Values};

/// A score to which the softmax gives no weight. It is finite, because a row of nothing but -inf would become NaN.
const LOWEST_SCORE: f32 = -1e9;

impl From<Knockout> for Intervention {
    fn from(knockout: Knockout) -> Self {
        match knockout {
            Knockout::Head { head, instead } => {
                let action = match instead {
                    Instead::Zero => Action::Zero,
                    Instead::Mean => Action::Mean,
                    Instead::Resample => Action::Resample,
                };
                let at = Selection { heads: Some(vec![head.head]), ..Selection::default() };
                Self { hook: format!("blocks.{}.attn.hook_z", head.layer), action, at }
            }
            Knockout::Edge { head, pair, zero } => {
                let (name, action) = if zero {
                    ("hook_pattern", Action::Zero)
                } else {
                    let lowest = Values { shape: Vec::new(), data: vec![LOWEST_SCORE] };
                    ("hook_attn_scores", Action::Replace(lowest))
                };
                let at = Selection {
                    heads: Some(vec![head.head]),
                    positions: Some(vec![pair.destination]),
                    sources: Some(vec![pair.source]),
                    batch: None,
                };
                Self { hook: format!("blocks.{}.attn.{name}", head.layer), action, at }
            }
            Knockout::Position(position) => {
                let at = Selection { positions: Some(vec![position]), ..Selection::default() };
                Self { hook: "hook_pos_embed".into(), action: Action::Zero, at }
            }
            Knockout::Mlp(layer) => {
                let at = Selection::default();
                Self { hook: format!("blocks.{layer}.hook_mlp_out"), action: Action::Zero, at }
            }
        }
    }
}
