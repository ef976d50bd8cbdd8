//! The [`Experiment`]: everything a run is a function of. The [`Record`] around it, which a link carries. And what a
//! trained model is measured by: a [`Battery`] of one ablation over many inputs, and a [`Survey`] of all claims of a
//! task.

mod battery;
mod complete;
mod copies;
mod edits;
mod group;
mod knockouts;
mod limits;
mod link;
mod mend;
mod percent;
mod record;
mod resolve;
mod settings;
mod survey;
mod weights;

pub use battery::{Battery, Failure, Measures, Report};
pub use edits::apply_edits;
pub use link::{Decoded, LIMIT, decode, encode};
pub use record::Record;
pub use resolve::{Experiment, resolve_model, task_around};
pub use settings::{SettingRecord, settings};
pub use survey::Survey;
pub use weights::{pack_weights, unpack_weights};
