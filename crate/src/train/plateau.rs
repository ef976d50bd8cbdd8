//! `torch.optim.lr_scheduler.ReduceLROnPlateau` (mode "min", relative threshold, no cooldown).

use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;

/// PyTorch leaves the rate alone when the change would be smaller than this.
const LEAST_CHANGE: f64 = 1e-8;

/// The learning rate, lowered when the held-out loss stops falling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    pub lr: f64,
    /// The best loss so far; `None` before the first epoch's end.
    best: Option<f64>,
    bad_epochs: usize,
}

impl Plateau {
    pub fn new(config: &TrainConfig) -> Self {
        Self { lr: config.lr, best: None, bad_epochs: 0 }
    }

    /// Takes note of the held-out loss at an epoch's end.
    pub fn epoch(&mut self, loss: f64, config: &TrainConfig) {
        // A run that has diverged has no loss; that is no improvement, and nothing to compare with later.
        if loss.is_finite() && self.best.is_none_or(|best| loss < best * (1.0 - config.plateau_threshold)) {
            self.best = Some(loss);
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.bad_epochs > config.plateau_patience {
            self.bad_epochs = 0;
            let lowered = self.lr * config.plateau_factor;
            if self.lr - lowered > LEAST_CHANGE {
                self.lr = lowered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn lowers_the_rate_after_more_than_patience_bad_epochs() {
        let config = TrainConfig { plateau_factor: 0.1, plateau_patience: 10, ..Experiment::default().train };
        let mut plateau = Plateau::new(&config);
        plateau.epoch(1.0, &config);
        for _ in 0..10 {
            plateau.epoch(1.0, &config); // bad: not lower
        }
        assert_eq!(plateau.lr, 1e-3);
        plateau.epoch(0.99995, &config); // the eleventh bad one: a fall below the threshold is none
        assert!((plateau.lr - 1e-4).abs() < 1e-12);
    }

    #[test]
    fn a_falling_loss_keeps_the_rate() {
        let config = Experiment::default().train;
        let mut plateau = Plateau::new(&config);
        (1..100).for_each(|epoch| plateau.epoch(1.0 / f64::from(epoch), &config));
        assert_eq!(plateau.lr, 1e-3);
    }
}
