"""Train, evaluate, save, verify, load and score with the model of a feature store."""
