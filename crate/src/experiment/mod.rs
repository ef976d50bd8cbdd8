//! The [`Experiment`]: everything a run is a function of; the [`Record`] around it, which a link carries; and
//! experiments on a trained model: token ablations, each over many lists.
//!
//! Not here: training (`train`).

mod battery;
mod complete;
mod copies;
mod edits;
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

pub use battery::{Battery, Failure, Report};
pub use edits::apply_edits;
pub use link::{Decoded, LIMIT, decode, encode};
pub use record::Record;
pub use resolve::{Experiment, resolve_model};
pub use settings::{SettingRecord, settings};
pub use survey::Survey;
pub use weights::{pack_weights, unpack_weights};
