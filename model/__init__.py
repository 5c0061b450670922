"""Train, evaluate, save, verify, load and score with the model of a feature store."""

import os

# A thread that waits for the others spins by default, which takes the cores from them
# wherever anything else runs: training was measured to take two to three times as long.
# OpenMP reads this when XGBoost is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
