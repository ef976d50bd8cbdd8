//! Parts taken out of a model, as interventions.

use crate::config::{Instead, Knockout};
use crate::model::{Edit, Intervention, Place, Values};

/// A score so low that the softmax gives it no weight, and finite: a row that has nothing else must not become NaN.
const NO_SCORE: f32 = -1e9;

impl From<Knockout> for Intervention {
    fn from(knockout: Knockout) -> Self {
        match knockout {
            Knockout::Head { head, instead } => {
                let edit = match instead {
                    Instead::Zero => Edit::Zero,
                    Instead::Mean => Edit::Mean,
                    Instead::Resample => Edit::Resample,
                };
                Self {
                    hook: format!("blocks.{}.attn.hook_z", head.layer),
                    edit,
                    at: Place { heads: Some(vec![head.head]), ..Place::default() },
                }
            }
            Knockout::Edge { head, pair, zero } => {
                let (name, edit) = match zero {
                    true => ("hook_pattern", Edit::Zero),
                    false => ("hook_attn_scores", Edit::Replace(Values { shape: Vec::new(), data: vec![NO_SCORE] })),
                };
                let at = Place {
                    heads: Some(vec![head.head]),
                    positions: Some(vec![pair.destination]),
                    sources: Some(vec![pair.source]),
                    batch: None,
                };
                Self { hook: format!("blocks.{}.attn.{name}", head.layer), edit, at }
            }
            Knockout::Position(position) => {
                let at = Place { positions: Some(vec![position]), ..Place::default() };
                Self { hook: "hook_pos_embed".into(), edit: Edit::Zero, at }
            }
            Knockout::Mlp(layer) => {
                Self { hook: format!("blocks.{layer}.hook_mlp_out"), edit: Edit::Zero, at: Place::default() }
            }
        }
    }
}
