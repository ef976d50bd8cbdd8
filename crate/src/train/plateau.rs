//! The learning-rate schedule: PyTorch's `ReduceLROnPlateau` (mode "min", relative threshold, no cooldown).

use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;

/// The smallest change of the learning rate. PyTorch skips smaller ones.
const LEAST_CHANGE: f64 = 1e-8;

/// A learning rate that is lowered when the held-out loss stops falling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The learning rate now.
    pub lr: f64,
    /// The lowest loss so far; `None` before the end of the first epoch.
    best: Option<f64>,
    /// Epochs since the loss last improved or the rate was last lowered.
    bad_epochs: usize,
}

impl Plateau {
    /// The schedule before the first step.
    pub fn new(config: &TrainConfig) -> Self {
        Self { lr: config.lr, best: None, bad_epochs: 0 }
    }

    /// Lowers the learning rate at the end of an epoch if the held-out loss has not improved for too long.
    pub fn epoch(&mut self, loss: f64, config: &TrainConfig) {
        // The loss of a diverged run is not finite: it is no improvement, and later losses are not compared with it.
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
    fn the_rate_is_lowered_after_more_than_patience_bad_epochs() {
        let config = TrainConfig { plateau_factor: 0.1, plateau_patience: 10, ..Experiment::default().train };
        let mut plateau = Plateau::new(&config);
        plateau.epoch(1.0, &config);
        for _ in 0..10 {
            plateau.epoch(1.0, &config); // no improvement
        }
        assert_eq!(plateau.lr, 1e-3);
        plateau.epoch(0.99995, &config); // the eleventh without: the decrease is below the threshold
        assert!((plateau.lr - 1e-4).abs() < 1e-12);
    }

    #[test]
    fn the_rate_stays_while_the_loss_falls() {
        let config = Experiment::default().train;
        let mut plateau = Plateau::new(&config);
        (1..100).for_each(|epoch| plateau.epoch(1.0 / f64::from(epoch), &config));
        assert_eq!(plateau.lr, 1e-3);
    }
}
